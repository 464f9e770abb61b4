import type { Gate } from "../append/gate.ts";
import type { Database } from "../database/database.ts";
import type { Feed } from "../feed/feed.ts";
import type { Logger } from "../model/logger.ts";
import type { DefinedProjection } from "../projections/defined-projection.ts";
import { isReadOnly, registerProjections, servingVersion } from "../projections/register.ts";
import type { Transactions, Workers } from "./workers.ts";

/** A log as short as this is caught up with while the store opens. */
const shortLog = 500;
/** Most take hundredths of a second. A busy machine takes longer, and what is read before is not there. */
const mostMs = 5_000;

export interface OpeningStore {
  readonly database: Database;
  readonly schema: string;
  readonly projections: readonly DefinedProjection[];
  readonly workers: Workers;
  readonly gate: Gate;
  readonly feed: Feed;
  readonly logger: Logger;
}

/**
 * Registers the projections of a store that opens, and has its inline ones followed until appends write them: on a short log
 * those that serve before this resolves, the others in the background.
 */
export async function beginProjections(transactions: Transactions, store: OpeningStore): Promise<void> {
  const { database, schema, projections, workers, gate, feed, logger } = store;
  if (projections.length === 0) return;
  const inline = projections.filter(({ mode }) => mode === "inline");
  let liveWithin: Awaited<ReturnType<Workers["followInline"]>> | undefined;
  let serving: readonly DefinedProjection[] = [];
  try {
    const registry = await registerProjections({ database, schema, createTransaction: transactions.createProjectionTransaction, logger }, projections);
    if (inline.length > 0) liveWithin = await workers.followInline(transactions);
    serving = inline.filter(({ name, version }) => (servingVersion(name, registry.projections, projections) ?? version) === version);
  } catch (error) {
    // A standby, which takes no appends either.
    if (isReadOnly(error)) return;
    throw error;
  }
  // Readers see nothing of a version that is built beside the one that serves, and its build takes longer than an opening may.
  if (liveWithin && serving.length > 0 && (await feed.highWaterMark()) <= shortLog) await liveWithin(serving, mostMs);
  await gate.reload();
}
