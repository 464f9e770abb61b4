import { LogPages } from "../../feed/log-pages.ts";
import { NotFoundError } from "../../errors/following.ts";
import type { RecordedEvent } from "../../model/event.ts";
import { decodeLogEvent } from "../../read/decode.ts";
import { StatementsBySize } from "../../read/statements-by-size.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";
import { decoderOf, type DefinedDocumentProjection } from "../defined-projection.ts";
import { type CheckedCollection, checkDocuments, defaultSample, type DocumentCheck } from "./check-documents.ts";
import { StoredBuckets } from "./stored-bucket.ts";

export interface CheckCallOptions {
  /** Whose documents; of the store itself, `""`, those of all tenants where the projection has them. */
  readonly tenant: string;
  /** @defaultValue 1,000 */
  readonly sample?: number | "all" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares a projection's documents, as they are now, with a fresh fold of the log up to where they are. Nothing waits for it, and it holds
 * no snapshot.
 *
 * @throws {@link NotFoundError} — no worker has followed it for this tenant.
 */
export async function checkProjection(
  context: Pick<WorkerContext, "database" | "schema" | "feed" | "codec">,
  projection: DefinedDocumentProjection,
  { tenant, sample = defaultSample, signal = new AbortController().signal }: CheckCallOptions,
): Promise<DocumentCheck> {
  const { database, schema, feed } = context;
  const decoder = decoderOf(projection, context.codec);
  // A tenant's view compares that tenant's documents alone, also of a projection that has those of all tenants.
  const own = projection.tenants === "all" && tenant === "" ? undefined : tenant;
  const stored = new StoredBuckets(schema, projection, { tenant: own, follower: projection.mode === "inline" ? "" : tenant });
  const log = new LogPages(database, new StatementsBySize(schema));

  async function* read(from: number, until: number): AsyncGenerator<readonly RecordedEvent[]> {
    const pages = log.open(from, until, { tenant: own, filter: decoder.filter, shard: undefined }, signal);
    for (let over = from >= until; !over;) {
      const { rows, last } = await pages.next();
      yield rows.map(decodeLogEvent);
      over = last;
    }
  }

  async function* events(after: number, until: number, beyond: ReadonlySet<number>): AsyncGenerator<readonly RecordedEvent[]> {
    yield* read(after, until);
    const end = [...beyond].reduce((most, position) => Math.max(most, position), until);
    for await (const page of read(until, end)) yield page.filter(({ position }) => beyond.has(position));
  }

  const withBucket: CheckedCollection["withBucket"] = async (bucket, work) => {
    const { stored: documents, after, until, beyond } = await stored.loadWithPlace(database, bucket, await feed.highWaterMark(signal));
    if (until === undefined)
      throw new NotFoundError("projection", projection.name, "No worker has followed it for this tenant, so there are no documents to compare.");
    return await work(documents, events(after, until, beyond));
  };
  return await checkDocuments({ projection, decoder }, { size: () => stored.size(database), withBucket }, sample);
}
