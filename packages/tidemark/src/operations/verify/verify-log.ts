import type { Database, TextRow } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import { countTags, verifyPage, verifyTags } from "./log-sql.ts";
import type { Problems } from "./problems.ts";

export interface LogPart {
  /** Exclusive. */
  readonly from: number;
  /** Inclusive, and not above the high-water mark. */
  readonly until: number;
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
}

export interface Verification {
  readonly database: Database;
  readonly schema: string;
  readonly problems: Problems;
  readonly signal: AbortSignal;
}

/** Rows that the server looks at in one statement. */
const pageRows = 50_000;

/** Looks at every event of a part of the log. Returns how many there are. */
export async function verifyLog(
  { database, schema, problems, signal }: Verification,
  { from, until, tenant }: LogPart,
  progress: (events: number, position: number) => void,
): Promise<number> {
  const statement = verifyPage(quoteIdentifier(schema));
  let [events, tags] = [0, 0];
  for (let position = from; position < until;) {
    const { page, wrong } = split(await database.query(statement, [position, until, tenant ?? null, pageRows], { signal, timeoutMs: 0 }));
    for (const row of wrong) problems.add({ ...problemOf(row), tenant: row["tenant"] ?? "", position: toSafeInteger(row["position"]), id: row["id"] ?? "" });
    const count = Number(page?.["events"] ?? 0);
    events += count;
    tags += Number(page?.["tags"] ?? 0);
    position = count < pageRows ? until : toSafeInteger(page?.["position"]);
    progress(events, position);
  }
  await verifyStrayTags({ database, schema, problems, signal }, { from, until, tenant }, tags);
  return events;
}

function split(rows: readonly TextRow[]): { readonly page: TextRow | undefined; readonly wrong: readonly TextRow[] } {
  return { page: rows.find(({ kind }) => kind === "page"), wrong: rows.filter(({ kind }) => kind !== "page") };
}

function problemOf(row: TextRow): { readonly kind: "missing-version" | "order" | "orphan" | "missing-tag"; readonly what: string } {
  const { kind, version, detail } = row;
  const stream = JSON.stringify(row["stream"] ?? "");
  const event = `Version ${version} of stream ${stream}, at position ${row["position"]},`;
  switch (kind) {
    case "missing-version":
      return { kind, what: `${event} has no event of version ${Number(version) - 1} before it.` };
    case "order":
      return { kind, what: `${event} stands before version ${Number(version) - 1}, at position ${detail}.` };
    case "missing-tag":
      return { kind, what: `${event} carries the tag ${JSON.stringify(detail)}, by which no query finds it.` };
    default:
      return {
        kind: "orphan",
        what: `${event} is in a stream that ${detail === null || detail === undefined ? "is not stored" : `belongs to tenant ${JSON.stringify(detail)}`}.`,
      };
  }
}

/** Every tag of an event was found: as many rows as tags are no more than these. Only otherwise each row is looked at. */
async function verifyStrayTags({ database, schema, problems, signal }: Verification, { from, until, tenant }: LogPart, tags: number): Promise<void> {
  const options = { signal, timeoutMs: 0 };
  const part = [from, until, tenant ?? null] as const;
  const [counted] = await database.query(countTags(quoteIdentifier(schema)), [...part], options);
  const missing = problems.counts["missing-tag"] ?? 0;
  if (Number(counted?.["tags"] ?? 0) === tags - missing) return;
  const statement = verifyTags(quoteIdentifier(schema));
  for (let key: [string, string, number] = ["", "", -1], rows = pageRows; rows === pageRows;) {
    const { page, wrong } = split(await database.query(statement, [...part, ...key, pageRows], options));
    for (const { tag, position, id, tenant: of } of wrong) {
      const what = `The tag ${JSON.stringify(tag)} leads to position ${position}, where ${id == null ? "no event is" : "the event does not carry it"}.`;
      problems.add({ kind: "stray-tag", what, tenant: of ?? "", position: toSafeInteger(position), ...(id != null && { id }) });
    }
    rows = Number(page?.["rows"] ?? 0);
    key = [page?.["tenant"] ?? "", page?.["tag"] ?? "", toSafeInteger(page?.["position"] ?? "0")];
  }
}
