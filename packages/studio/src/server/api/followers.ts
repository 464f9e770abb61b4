import type { ConsumerInfo, EventStore, ShardInfo } from "tidemark";
import type { FollowerReport, FollowersReport, ShardLine } from "../../wire/followers.ts";
import type { SharedCall } from "./call.ts";

/** Asked for every two seconds by each tab. */
export function followers({ store, shared }: SharedCall): Promise<FollowersReport> {
  return shared.of("followers", 1_000, () => followersOf(store));
}

async function followersOf(store: EventStore): Promise<FollowersReport> {
  const mark = await store.highWaterMark();
  const consumers = await store.consumers.list();
  const relays = await store.relays.list();
  return {
    at: Date.now(),
    mark,
    followers: [...consumers.map((info) => reportOf("consumer", info)), ...relays.map((info) => reportOf("relay", info))],
  };
}

function reportOf(kind: FollowerReport["kind"], { name, state, pause, lag, deadLetters, shards }: ConsumerInfo): FollowerReport {
  return {
    kind,
    name,
    state,
    pause: pause ? { at: pause.at.getTime(), reason: pause.reason ?? null, by: pause.by ?? null } : null,
    lagEvents: lag.events,
    lagMs: lag.seconds * 1_000,
    deadLetters,
    shards: shards.map(shardLine),
  };
}

function shardLine({ shard, state, owner, position, lag, lastError, failingEvent, attempt, retryAt }: ShardInfo): ShardLine {
  return {
    shard,
    state,
    owner: owner ?? null,
    position,
    lagEvents: lag.events,
    lagMs: lag.seconds * 1_000,
    error: lastError?.message ?? null,
    failing: failingEvent ?? null,
    attempt: attempt ?? null,
    retryAt: retryAt?.getTime() ?? null,
  };
}
