import type { Database } from "../../database/database.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import type { Feed } from "../../feed/feed.ts";
import type { Projections } from "../../projections/administration.ts";
import type { DefinedProjection } from "../../projections/defined-projection.ts";
import { Problems, type VerifyProblem, type VerifyProblemKind } from "./problems.ts";
import { verifyDocuments } from "./verify-documents.ts";
import { verifyLog } from "./verify-log.ts";
import { verifyPlaces } from "./verify-places.ts";
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
  /** The first 100 problems of each kind. */
  readonly problems: readonly VerifyProblem[];
  /** How many problems there are of each kind that was found. */
  readonly counts: Readonly<Partial<Record<VerifyProblemKind, number>>>;
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
  { from = 0, until, documents: sample = 1_000, onProgress, signal = new AbortController().signal }: VerifyOptions,
  tenant: string | undefined,
): Promise<VerifyReport> {
  const problems = new Problems();
  const verification = { database, schema, problems, signal };
  const { end, whole } = await endOfLog(feed, signal);
  const part = { from, until: Math.max(from, Math.min(until ?? end, end)), tenant };
  const events = await verifyLog(verification, part, (seen, position) =>
    onProgress?.({ events: seen, position, fraction: (position - from) / Math.max(1, part.until - from) }),
  );
  await verifyPlaces(verification, part);
  const documents = sample === 0 || !whole ? 0 : await verifyDocuments({ projections, definitions, problems, sample, signal });
  return { ok: problems.total === 0, from, until: part.until, events, documents, problems: problems.kept, counts: problems.counts };
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
