import type { Session } from "../database/database.ts";
import type { RecordedEvent } from "../model/event.ts";
import { type DefinedProjection, followerOf } from "./defined-projection.ts";
import { followBatch } from "./follow-batch.ts";
import { DefinedConsumer } from "../consumers/define-consumer.ts";
import { GoLive } from "./go-live.ts";
import type { WorkerParts, WorkerSettings } from "../runtime/parts.ts";

/** Per batch: one load, one write, one checkpoint. Twice as many gained a twentieth, and hold twice the documents in memory. */
const documentBatch = 1_000;
const handlerBatch = 500;
const timeoutMs = 60_000;
const retry = { attempts: 5, minDelayMs: 100, maxDelayMs: 5_000, factor: 2, jitter: true };

/**
 * The follower of a projection: a consumer with one shard, so that the shard's fence makes it the projection's only writer. At an
 * event that fails it stands still: a read model without some events would be wrong from there on.
 */
export function followerFor(
  parts: Pick<WorkerParts, "database" | "schema" | "statements" | "feed">,
  projection: DefinedProjection,
  createTransaction: WorkerSettings["createProjectionTransaction"],
): DefinedConsumer {
  const apply = followBatch(projection, parts.schema);
  const handle = (events: readonly RecordedEvent[], session: Session, check?: () => void): Promise<void> =>
    apply(events, session, (tenant) => createTransaction(session, tenant), check);
  const goLive = projection.mode === "inline" ? new GoLive(parts, projection, handle) : undefined;
  const { work } = projection;
  return new DefinedConsumer(followerOf(projection), {
    filter: projection.events.query,
    startAfter: 0,
    tenants: projection.tenants,
    shards: 1,
    batchSize: work.kind === "documents" ? documentBatch : handlerBatch,
    timeoutMs,
    retry,
    onFailure: () => "stop",
    circuitBreaker: undefined,
    handle: async (events, _context, session) => {
      await goLive?.check(session);
      await handle(events, session);
    },
    inBatches: work.kind === "documents" || work.inBatches,
    projection,
    ...(goLive && { goLive }),
  });
}
