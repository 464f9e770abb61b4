import type { EncodeSettings } from "../append/append-totals.ts";
import { refuseWithoutCatalogue } from "../catalogue/definition-events.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { Follower, FollowerKind } from "../runtime/follower.ts";
import type { HeldShard } from "../runtime/shard.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import type { TimerParts } from "../timers/timer-parts.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import type { DefinedProcess } from "./defined-process.ts";
import { instanceOf } from "./process-inputs.ts";
import { ProcessShard } from "./process-shard.ts";
import { processStatements } from "./statements.ts";

/** One batch of inputs: two statements and a checkpoint. */
const timeoutMs = 60_000;
const retry = { attempts: 5, minDelayMs: 100, maxDelayMs: 5_000, factor: 2, jitter: true };

export const processKind: FollowerKind = {
  name: "process",
  stops: "process",
  resume: "createWorker with code that can handle it",
  /** Of the version that starts new instances, and of those from the lowest on that has running ones. */
  findSql: (schema) => `
select c.tenant, c.name, null::bigint as absent
  from ${quoteIdentifier(schema)}.consumers as c
  join ${quoteIdentifier(schema)}.process_versions as v on v.tenant = c.tenant and v.process = c.owner_name and v.version = c.owner_version
 where c.tenant = $1 and c.kind = 'process' and c.owner_name = $2
   and (v.starts_until is null or v.version >= (
     select i.version from ${quoteIdentifier(schema)}.process_instances as i where i.tenant = $1 and i.process = $2 and i.status = 'running' order by i.id limit 1
   ))`,
};

/** The store that commands of a process are issued through, and the limits of what it appends. */
export interface ProcessStore {
  readonly store: EventReaderWriter;
  readonly settings: EncodeSettings;
}

/**
 * The follower of one version of a process. An instance belongs to a shard by its name, whatever streams its inputs come from, and the shard's
 * owner alone writes it. An error of `evolve` or `react` parks its instance;
 * the shard stops only where an event cannot be decoded, or belongs to no known instance because `instanceId` threw.
 */
export function processFollower(
  worker: Pick<WorkerContext, "database" | "schema" | "statements" | "codec" | "logger" | "progress"> & { readonly timers: TimerParts },
  process: DefinedProcess,
  { store, settings: encoding }: ProcessStore,
): Follower {
  const { name, version, settings } = process;
  refuseWithoutCatalogue(worker.codec, settings.events, `process ${JSON.stringify(name)}`, "definition.processes");
  const statements = processStatements(worker.schema);
  const decoder = worker.codec.decoder({ filter: settings.items });
  const tools = { codec: worker.codec, settings: encoding, timers: worker.timers.writes, handles: settings.handles, process: name, functions: settings };
  const follower = ["process", name, version].join("\u001d");
  const context = { process, statements, timers: worker.timers, tools, worker, store, follower, decoder: worker.codec.decoder() };
  const shards = new WeakMap<HeldShard, ProcessShard>();
  return {
    name: follower,
    kind: processKind,
    owner: name,
    ownerVersion: version,
    filter: settings.query,
    decoder,
    startAfter: settings.startAfter,
    tenants: "own",
    shards: settings.shards,
    partitionKey: (event) => partitionKeyOf(process, event),
    prepare: async (tenant) =>
      void (await worker.database.query(statements.register, [tenant, name, version, follower, settings.shards, settings.startAfter ?? null])),
    batchSize: settings.batchSize,
    timeoutMs,
    retry,
    inBatches: true,
    handle: (events, session) => shards.get(session.shard)?.handle(events, session),
    filterChanged: `process ${JSON.stringify(name)} has other handles or another filter than before. It counts from the checkpoint on: events behind it that only the new one lets through are not handled.`,
    requestPending: async (tenant) => {
      const [row] = await worker.database.query(statements.pending, [tenant, name, version]);
      return row?.["pending"] === "true";
    },
    createHooks(shard) {
      const made = new ProcessShard(context, shard);
      shards.set(shard.checkpoint.shard, made);
      return made;
    },
  };
}

/** What belongs to no instance is one shard's to pass by. Where `instanceId` throws, every shard stops: the event may belong to any. */
function partitionKeyOf(process: DefinedProcess, event: RecordedEvent): string | undefined {
  try {
    return instanceOf(process, event) ?? "";
  } catch {
    return undefined;
  }
}
