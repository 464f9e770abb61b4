import type { Queryable, TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { categoryOf } from "../model/event.ts";
import type { StreamsOptions } from "./options.ts";
import type { Page, Pages } from "./pages.ts";
import type { ReadStatements } from "./statements.ts";
import type { StreamInfo } from "./types.ts";

/** A stream without events has a row where an append only checked it; that is no reason to exist. */
export function streamInfoOf(streamId: string, row: TextRow | undefined): StreamInfo {
  const category = categoryOf(streamId);
  if (row?.["version"] == null) return { streamId, category, exists: false, version: 0, createdAt: undefined, lastPosition: undefined };
  return {
    streamId,
    category,
    exists: true,
    version: toSafeInteger(row["version"]),
    createdAt: new Date(Number(row["created_at"])),
    lastPosition: toSafeInteger(row["position"]),
  };
}

/** No name of at most 512 bytes that begins with a prefix comes after the prefix and this. */
const afterAll = "\u{10ffff}".repeat(128);

const pageRows = 500;

/** Streams with events in the order of their names' bytes, by keyset pages. */
export function listStreams(queryable: Queryable, statements: ReadStatements, tenant: string, options: StreamsOptions): Pages<StreamInfo> {
  const { category, prefix = "", limit = Number.POSITIVE_INFINITY, signal } = options;
  // The names of a category stand together, though not alone: `cart`, `cart!`, `cart-1`, and before `cart.` it ends.
  const lowest = category === undefined ? prefix : greater(prefix, category);
  const highest = category === undefined ? prefix + afterAll : lesser(prefix + afterAll, `${category}.`);
  let after = options.after ?? "";
  let remaining = limit;

  async function next(): Promise<Page<StreamInfo>> {
    const asked = Math.min(pageRows, remaining);
    if (asked === 0) return { last: true, rows: 0, decode: () => ({ items: [] }) };
    const values = [tenant, after, asked, lowest, highest];
    const rows = await (category === undefined
      ? queryable.query(statements.streams, values, { signal })
      : queryable.query(statements.streamsOfCategory, [...values, category], { signal }));
    const items = rows.map((row) => streamInfoOf(row["name"] ?? "", row));
    after = items.at(-1)?.streamId ?? after;
    remaining -= items.length;
    return { last: items.length < asked || remaining === 0, rows: rows.length, decode: () => ({ items }) };
  }
  return { next };
}

/** By the bytes of UTF-8, as the database compares names; JavaScript's `<` compares halves of characters. */
function greater(a: string, b: string): string {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0 ? a : b;
}

function lesser(a: string, b: string): string {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0 ? b : a;
}
