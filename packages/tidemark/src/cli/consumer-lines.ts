import { escapeUnsafe, hideCredentials } from "../arguments/describe-value.ts";
import type { ConsumerInfo, PauseInfo, ShardInfo } from "../consumers/consumer-info.ts";
import type { Row } from "./columns.ts";
import { counted } from "./progress.ts";

/** Each consumer or relay as a line for people, below the names of the columns. */
export async function* consumerRows(consumers: readonly ConsumerInfo[], kind: "consumer" | "relay"): AsyncGenerator<Row, void, undefined> {
  yield [kind, "state", "events behind", "seconds behind", "shards", "workers", "dead letters", "last error"];
  for (const { name, state, pause, lag, shards, deadLetters } of consumers) {
    const failing = shards.find(({ failingEvent }) => failingEvent) ?? shards.find(({ lastError }) => lastError);
    const error = failing ? oneLine(problemOf(failing)) : "";
    yield [
      oneLine(name),
      oneLine(`${state}${pause ? saidOf(pause) : ""}`),
      lag.events,
      Math.round(lag.seconds),
      shards.length,
      workersOf(shards),
      deadLetters,
      error,
    ];
  }
}

/** What is known of one consumer or relay, but for its shards. */
export function consumerTable(info: ConsumerInfo, kind: "consumer" | "relay"): Row[] {
  const { name, tenant, state, pause, lag, filter, tenants, deadLetters, resharding, createdAt } = info;
  return [
    [kind, name],
    ["tenant", JSON.stringify(tenant)],
    ["state", state],
    ...(pause ? [["paused", oneLine(pauseOf(pause))]] : []),
    ["behind", `${counted(lag.events, "event")}, ${lag.seconds.toFixed(1)} s`],
    ["filter", filter === undefined ? "every event" : JSON.stringify(filter)],
    ["tenants", tenants],
    ["dead letters", `${deadLetters}`],
    ...(resharding ? [["shards", `will be ${resharding.to}, once all have reached ${resharding.barrier}`]] : []),
    ["created at", createdAt.toISOString()],
  ];
}

/** Who paused it and why, as far as that was said. The state is as of the last heartbeat. */
function saidOf({ by, reason }: PauseInfo): string {
  if (by === undefined && reason === undefined) return "";
  return ` (paused${by === undefined ? "" : ` by ${by}`}${reason === undefined ? "" : `: ${reason}`})`;
}

/** Since when it is paused, by whom and why, as far as that was said. */
function pauseOf({ at, by, reason }: PauseInfo): string {
  return `since ${at.toISOString()}${by === undefined ? "" : `, by ${by}`}${reason === undefined ? "" : `: ${reason}`}`;
}

/** The shards of one consumer, below the names of the columns. */
export function shardTable(shards: readonly ShardInfo[]): Row[] {
  return [
    ["shard", "state", "position", "events behind", "seconds behind", "fence", "heartbeat", "owner"],
    ...shards.map(({ shard, state, position, lag, fence, heartbeatAt, owner }) => [
      shard,
      state,
      position,
      lag.events,
      Math.round(lag.seconds),
      fence,
      heartbeatAt?.toISOString() ?? "never",
      owner ?? "nobody",
    ]),
  ];
}

/** What went wrong last in a shard: `event 813 of "cart-42", attempt 5: [CODE] message, again at …`; undefined where nothing did. */
export function problemOf({ lastError, failingEvent, attempt, retryAt }: ShardInfo): string {
  const place =
    failingEvent && `event ${failingEvent.position} of ${JSON.stringify(failingEvent.streamId)}${attempt === undefined ? "" : `, attempt ${attempt}`}: `;
  const code = lastError?.code ? `[${lastError.code}] ` : "";
  return `${place ?? ""}${code}${lastError?.message ?? ""}${retryAt ? `; again at ${retryAt.toISOString()}` : ""}`;
}

/** How many workers hold shards now. */
function workersOf(shards: readonly ShardInfo[]): number {
  return new Set(shards.filter(({ state }) => state !== "stopped").map(({ owner }) => owner)).size;
}

function oneLine(text: string): string {
  return escapeUnsafe(hideCredentials(text));
}
