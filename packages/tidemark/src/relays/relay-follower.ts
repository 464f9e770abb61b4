import { BatchedRemoval } from "../database/batched-removal.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { planned } from "../database/planned.ts";
import { toSafeInteger } from "../database/number.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { HandlerFailedError } from "../errors/following.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Follower, FollowerKind, ShardHooks } from "../runtime/follower.ts";
import type { HeldShard } from "../runtime/shard.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import type { DefinedRelay } from "./defined-relay.ts";
import { keyOf } from "./outgoing-message.ts";
import type { SourceContext } from "./relay-source.ts";
import { RelayLetters } from "./relay-letters.ts";
import { RelayShard } from "./relay-shard.ts";

/** A batch ends by acknowledgements, refusals or the sink's failure, each with limits of its own. */
const noTimeoutMs = 2_147_483_647;
/** Rows of one statement, whose locks last as long as it. */
const removedAtOnce = 1_000;

export const relayKind: FollowerKind = {
  name: "relay",
  stops: "relay",
  resume: "store.relays.resume",
  findSql: (schema) =>
    `select c.tenant, c.name, null::bigint as absent from ${quoteIdentifier(schema)}.consumers as c where c.tenant = $1 and c.owner_name = $2 and c.kind = 'relay'`,
};

/** `consumers.name` of a relay. */
export function followerOf(relay: string): string {
  return `relay\u001d${relay}`;
}

/** A relay as the runtime follows the log for it. */
export function relayFollower(context: SourceContext, relay: DefinedRelay): Follower {
  const { name, settings } = relay;
  const shards = new WeakMap<HeldShard, RelayShard>();
  return {
    name: followerOf(name),
    kind: relayKind,
    owner: name,
    filter: settings.filter,
    startAfter: settings.startAfter,
    tenants: settings.tenants,
    shards: settings.shards,
    partitionKey: (event) => partitionKeyOf(relay, event),
    batchSize: settings.batchSize,
    timeoutMs: noTimeoutMs,
    // What a sink cannot take now is tried for ever.
    retry: { ...settings.retry, attempts: Number.MAX_SAFE_INTEGER },
    inBatches: true,
    handle: (events, session) => shards.get(session.shard)?.handle(events, session),
    ...settings.source.follow(context, settings, name),
    registered: (tenant) => refuseOtherSource(context, relay, tenant),
    firstGivenUp: (tenant, until) => firstLetter(context, relay, tenant, until),
    requestPending: async (tenant) => {
      const text = `select exists (select from ${quoteIdentifier(context.schema)}.dead_letters as d where d.tenant = $1 and d.consumer = $2 and d.retry_requested)::text as pending`;
      const [row] = await context.database.query(planned("relay_retry_pending", text), [tenant, followerOf(name)]);
      return row?.["pending"] === "true";
    },
    createHooks(shard) {
      const made = new RelayShard({ relay, codec: context.codec }, shard, new RelayLetters(context, shard.tenant, shard.checkpoint));
      shards.set(shard.checkpoint.shard, made);
      return forgettingBehind(context, relay, shard.tenant, made);
    },
  };
}

/** Its checkpoint is a place in the log that it was registered with. */
async function refuseOtherSource({ database, schema }: SourceContext, { name, settings }: DefinedRelay, tenant: string): Promise<void> {
  const text = `select c.source as source from ${quoteIdentifier(schema)}.consumers as c where c.tenant = $1 and c.name = $2`;
  const [row] = await database.query({ name: "tidemark_relay_source", text }, [tenant, followerOf(name)]);
  const source = row?.["source"];
  if (source != null && source !== settings.source.name)
    throw new InvalidArgumentError(
      `definition.source of relay ${JSON.stringify(name)}`,
      `was ${JSON.stringify(source)} when it was registered, and is ${JSON.stringify(settings.source.name)} now: its checkpoint is a place in the other log. Give the relay another name`,
    );
}

/** Has the source forget old messages beside the work, where it forgets any. */
function forgettingBehind(context: SourceContext, { settings }: DefinedRelay, tenant: string, hooks: RelayShard): ShardHooks {
  const { source, keepMs, tenants } = settings;
  if (!source.forget) return hooks;
  const { forget } = source;
  const old = { tenant: tenants === "all" ? undefined : tenant, keepMs, most: removedAtOnce };
  const removal = new BatchedRemoval({
    failed: "a relay could not remove old messages from the outbox",
    batchSize: removedAtOnce,
    logger: context.logger,
    remove: () => forget(context, old),
  });
  return {
    load: hooks.load,
    giveUp: hooks.giveUp,
    requested: hooks.requested,
    moved: () => {
      hooks.moved();
      removal.added();
    },
    ended: () => removal.stop(),
  };
}

/** Where `key` throws, the event is parked, with its stream for a key. */
function partitionKeyOf(relay: DefinedRelay, event: RecordedEvent): string {
  try {
    return keyOf(relay, event);
  } catch {
    return event.streamId;
  }
}

async function firstLetter(
  { database, schema }: Pick<WorkerContext, "database" | "schema">,
  { name }: DefinedRelay,
  tenant: string,
  until: number,
): Promise<HandlerFailedError | undefined> {
  const text = `
select d.position::text as position, d.error_message as message
  from ${quoteIdentifier(schema)}.dead_letters as d
 where d.tenant = $1 and d.consumer = $2 and d.state <> 'skipped' and d.position <= $3
 order by d.position
 limit 1`;
  const [letter] = await database.query(planned("relay_first_letter", text), [tenant, followerOf(name), until]);
  if (!letter) return undefined;
  return new HandlerFailedError(
    { consumer: name, shard: 0, position: toSafeInteger(letter["position"]) },
    letter["message"] ?? "it waits behind another message of its key",
    "It is a dead letter: store.deadLetters.retry or discard settles it.",
    {},
  );
}
