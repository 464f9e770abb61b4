import { shortId } from "../history/short-id.ts";
import type { LogLine } from "../history/final.ts";

export interface LogEvent {
  readonly position: number;
  readonly id: string;
  readonly short: string;
  readonly stream: string;
  readonly version: number;
}

/** The log as it is in the end. */
export interface Log {
  /** By position. */
  readonly events: readonly LogEvent[];
  readonly byId: ReadonlyMap<string, LogEvent>;
  /** Each stream's events, by version. */
  readonly streams: ReadonlyMap<string, readonly LogEvent[]>;
  /** Events whose id was there already. */
  readonly repeated: readonly LogEvent[];
}

export function logOf(lines: Iterable<LogLine>): Log {
  const events: LogEvent[] = [];
  const byId = new Map<string, LogEvent>();
  const streams = new Map<string, LogEvent[]>();
  const repeated: LogEvent[] = [];
  for (const [position, id, stream, version] of lines) {
    const event: LogEvent = { position, id, short: shortId(id), stream, version };
    events.push(event);
    if (byId.has(id)) repeated.push(event);
    byId.set(id, event);
    const others = streams.get(stream);
    if (others) others.push(event);
    else streams.set(stream, [event]);
  }
  events.sort((a, b) => a.position - b.position);
  for (const stream of streams.values()) stream.sort((a, b) => a.version - b.version);
  return { events, byId, streams, repeated };
}

/** Where a position stands, or would stand, in the log: the index of the first event above it. */
export function indexAfter(events: readonly LogEvent[], position: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.position ?? 0) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
