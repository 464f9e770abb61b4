import { createHash } from "node:crypto";
import type { Database, QueryOptions, TextRow } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import type { EventChain } from "../../schema/event-chain.ts";
import { countTags, nextEvent, verifyPage, verifyTags } from "./log-sql.ts";
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
  /** Undefined: events are not chained. */
  readonly chain: EventChain | undefined;
}

export interface VerifiedLog {
  readonly events: number;
  /** SHA-256 of the hashes of all events, in the order of the log, in hexadecimal; undefined where they are not chained. */
  readonly digest: string | undefined;
}

/** Rows that the server looks at in one statement: so many positions of the log. */
const pageRows = 50_000;
/** Statements at once: looking at events is the work of a processor, of which a server has more than one. */
const atOnce = 2;

/** Looks at every event of a part of the log. */
export async function verifyLog(verification: Verification, part: LogPart, progress: (events: number, position: number) => void): Promise<VerifiedLog> {
  const { database, schema, problems, signal, chain } = verification;
  const options = { signal, timeoutMs: 0 };
  const statement = verifyPage(quoteIdentifier(schema), chain !== undefined);
  const digest = createHash("sha256");
  let [events, tags] = [0, 0];
  const look = async ({ from, until }: Range): Promise<readonly TextRow[]> =>
    database.query(statement, [from, until, part.tenant ?? null, ...(chain ? [chain.after] : [])], options);
  for await (const { range, answer } of inTurn(ranges(verification, part, options), look)) {
    // The answer may have come before the signal: told of, it would count for a caller who has ended the verification.
    signal.throwIfAborted();
    const { page, wrong } = split(answer);
    for (const row of wrong)
      problems.add({ ...problemOf(row, chain), tenant: row["tenant"] ?? "", position: toSafeInteger(row["position"]), id: row["id"] ?? "" });
    events += Number(page?.["events"] ?? 0);
    tags += Number(page?.["tags"] ?? 0);
    digest.update(page?.["detail"] ?? "", "base64");
    progress(events, range.until);
  }
  await verifyStrayTags(verification, part, tags);
  return { events, digest: chain && digest.digest("hex") };
}

interface Range {
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly until: number;
}

/** Each begins at an event, so that a gap of any length costs no more than one look. */
async function* ranges({ database, schema }: Verification, { from, until }: LogPart, options: QueryOptions): AsyncGenerator<Range> {
  const statement = nextEvent(quoteIdentifier(schema));
  for (let after = from; after < until;) {
    const [next] = await database.query(statement, [after, until], options);
    if (!next) return;
    const end = Math.min(until, toSafeInteger(next["position"]) - 1 + pageRows);
    yield { from: after, until: end };
    after = end;
  }
}

/** The answers in the order of the ranges, while the next ones are asked for. */
async function* inTurn<Answer>(
  of: AsyncIterable<Range>,
  look: (range: Range) => Promise<Answer>,
): AsyncGenerator<{ readonly range: Range; readonly answer: Answer }> {
  const asked: { readonly range: Range; readonly answer: Promise<Answer> }[] = [];
  const next = async (): Promise<{ readonly range: Range; readonly answer: Answer } | undefined> => {
    const first = asked.shift();
    return first && { range: first.range, answer: await first.answer };
  };
  try {
    for await (const range of of) {
      const answer = look(range);
      answer.catch(() => {});
      asked.push({ range, answer });
      const one = asked.length < atOnce ? undefined : await next();
      if (one) yield one;
    }
    for (let one = await next(); one; one = await next()) yield one;
  } finally {
    await Promise.allSettled(asked.map(({ answer }) => answer));
  }
}

function split(rows: readonly TextRow[]): { readonly page: TextRow | undefined; readonly wrong: readonly TextRow[] } {
  return { page: rows.find(({ kind }) => kind === "page"), wrong: rows.filter(({ kind }) => kind !== "page").toSorted(byPosition) };
}

function byPosition(a: TextRow, b: TextRow): number {
  return Number(a["position"]) - Number(b["position"]);
}

function problemOf(
  row: TextRow,
  chain: EventChain | undefined,
): { readonly kind: "missing-version" | "order" | "orphan" | "missing-tag" | "chain"; readonly what: string } {
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
    case "chain":
      return {
        kind,
        what:
          detail === "none"
            ? `${event} carries no hash, though every event after position ${chain?.after} should.`
            : `${event} is not what its hash was made of: it was changed after it was appended, or the event before it in its stream was.`,
      };
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
