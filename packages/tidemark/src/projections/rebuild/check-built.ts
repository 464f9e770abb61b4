import type { Queryable } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import type { RecordedEvent } from "../../model/event.ts";
import type { ShardAccess } from "../../runtime/follower.ts";
import type { BuildContext, BuildParts } from "./build-run.ts";
import { checkDocuments, type DocumentCheck } from "./check-documents.ts";
import { Pace } from "./pace.ts";
import { StoredBuckets } from "./stored-bucket.ts";

class Ended extends Error {}

/**
 * Compares what was built with a second fold of the log, up to the checkpoint: while the shard is ours nobody else writes, so that both are at
 * one place. Undefined where the shard must end before.
 */
export async function checkBuilt(
  { database, schema, feed }: BuildContext,
  { projection, decoder }: Pick<BuildParts, "projection" | "decoder">,
  shard: ShardAccess,
  sample: number,
): Promise<DocumentCheck | undefined> {
  const after = await startedAfter(database, schema, shard.checkpoint.shard.id);
  const tenant = projection.tenants === "all" ? undefined : shard.tenant;
  const stored = new StoredBuckets(schema, projection, { tenant, follower: shard.tenant });
  const wanted = { tenant, filter: decoder.filter, shard: undefined };

  async function* events(): AsyncGenerator<readonly RecordedEvent[]> {
    const until = shard.checkpoint.written.position;
    const scan = await feed.scan({
      reader: projection.name,
      wanted,
      after: { position: after, id: null },
      until,
      alone: false,
      signal: shard.signal,
    });
    const pace = new Pace(feed.background, undefined, shard.signal);
    try {
      for (let last = false; !last;) {
        if (!(await shard.mayGoOn(() => scan.stepAside()))) throw new Ended();
        const page = await scan.next();
        await pace.begin(page.tookMs);
        for (const slice of page.slices) {
          yield slice;
          if (pace.due) await pace.rest();
        }
        ({ last } = page);
      }
      // What was read of a database that was replaced meanwhile says nothing.
      await scan.anchorAt(until);
    } finally {
      scan.close();
    }
  }

  try {
    return await checkDocuments(
      { projection, decoder },
      { size: () => stored.size(database), withBucket: async (bucket, work) => await work(await stored.load(database, bucket), events()) },
      sample,
    );
  } catch (error) {
    if (error instanceof Ended || shard.signal.aborted) return undefined;
    throw error;
  }
}

/** Where its follower began, whatever the definition says by now. */
async function startedAfter(queryable: Queryable, schema: string, shard: number): Promise<number> {
  const at = quoteIdentifier(schema);
  const text = `
select c.started_after::text as started_after
  from ${at}.consumers as c
  join ${at}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
 where s.id = $1`;
  const [row] = await queryable.query({ name: "tidemark_started_after", text }, [shard]);
  return toSafeInteger(row?.["started_after"] ?? "0");
}
