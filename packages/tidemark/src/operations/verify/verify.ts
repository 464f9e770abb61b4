import type { Database } from "../../database/database.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import type { Feed } from "../../feed/feed.ts";
import type { Projections } from "../../projections/administration.ts";
import type { DefinedProjection } from "../../projections/defined-projection.ts";
import { readChain } from "../../schema/event-chain.ts";
import { Problems, type VerifyProblem, type VerifyProblemKind } from "./problems.ts";
import { verifyDocuments } from "./verify-documents.ts";
import { type LogPart, verifyLog } from "./verify-log.ts";
import { verifyPlaces } from "./verify-places.ts";
import { verifyProcesses } from "./verify-processes.ts";
import type { VerifyOptions } from "./verify-options.ts";

/**
 * What `verify` found.
 *
 * @example
 * ```ts
 * const report: VerifyReport = await store.verify();
 * if (!report.ok) for (const { kind, what } of report.problems) console.error(kind, what);
 * ```
 */
export interface VerifyReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** Events after this position were verified, up to `until`. */
  readonly from: number;
  readonly until: number;
  /** How many events were verified. */
  readonly events: number;
  /** How many documents were compared with a fresh fold: none while the sequence is behind the log, since readers then refuse to read it. */
  readonly documents: number;
  /** Of the chain of hashes; null where events are not chained. */
  readonly chain: VerifiedChain | null;
  /** The first 100 problems of each kind. */
  readonly problems: readonly VerifyProblem[];
  /** How many problems there are of each kind that was found. */
  readonly counts: Readonly<Partial<Record<VerifyProblemKind, number>>>;
}

/**
 * The chain of the events that were verified.
 *
 * @example
 * ```ts
 * const { until, chain } = await store.verify();
 * if (chain) {
 *   const kept = { until, digest: chain.digest }; // somewhere else than in this database
 *   const again = await store.verify(kept);
 * }
 * ```
 */
export interface VerifiedChain {
  /** Every event after this position must carry a hash. */
  readonly after: number;
  /** Whether appends go on with it. `store.doctor()` tells what to do where they do not. */
  readonly active: boolean;
  /** SHA-256 of the hashes of all events of the part, in the order of the log, in hexadecimal: the same for the same events. */
  readonly digest: string;
}

export interface VerifyContext {
  readonly database: Database;
  readonly schema: string;
  readonly feed: Pick<Feed, "highWaterMark">;
  readonly projections: Pick<Projections, "check" | "list">;
  readonly definitions: readonly DefinedProjection[];
}

/** Verifies a part of the log, what points into it, and documents that are made of it. Writes nothing. */
export async function verify(
  { database, schema, feed, projections, definitions }: VerifyContext,
  { from = 0, until, digest: kept, documents: sample = 1_000, onProgress, signal = new AbortController().signal }: VerifyOptions,
  tenant: string | undefined,
): Promise<VerifyReport> {
  const problems = new Problems();
  const chain = await readChain(database, schema, signal);
  const verification = { database, schema, problems, signal, chain };
  const { end, whole } = await endOfLog(feed, signal);
  const part = { from, until: Math.max(from, Math.min(until ?? end, end)), tenant };
  const { events, digest } = await verifyLog(verification, part, (seen, position) =>
    onProgress?.({ events: seen, position, fraction: (position - from) / Math.max(1, part.until - from) }),
  );
  if (kept !== undefined && kept !== digest) problems.add(otherDigest(part, kept, digest));
  await verifyPlaces(verification, part);
  await verifyProcesses(verification, part);
  const documents = sample === 0 || !whole ? 0 : await verifyDocuments({ projections, definitions, problems, sample, signal });
  return {
    ok: problems.total === 0,
    from,
    until: part.until,
    events,
    documents,
    chain: chain && digest !== undefined ? { ...chain, digest } : null,
    problems: problems.kept,
    counts: problems.counts,
  };
}

function otherDigest({ from, until, tenant = "" }: LogPart, kept: string, digest: string | undefined): VerifyProblem {
  const found = digest === undefined ? "are not chained, and so have no digest" : `have the digest ${digest}`;
  return {
    kind: "chain",
    tenant,
    what: `The events after position ${from} and up to ${until} ${found}; it was ${kept}. Some were removed, added or hashed anew.`,
  };
}

/** The high-water mark. Where the sequence is behind the log there is none: that is a problem to report, and the log can be looked at all the same. */
async function endOfLog(feed: Pick<Feed, "highWaterMark">, signal: AbortSignal): Promise<{ readonly end: number; readonly whole: boolean }> {
  try {
    return { end: await feed.highWaterMark(signal), whole: true };
  } catch (error) {
    if (isTidemarkError(error, "SEQUENCE_BEHIND")) return { end: error.log, whole: false };
    throw error;
  }
}
