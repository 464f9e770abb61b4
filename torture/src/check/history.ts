import type { Entry } from "../history/entry.ts";
import type { Append, Follow, Publish, Read, Snapshot, TimerUse } from "./operations.ts";

/** All histories of a run, as operations. */
export interface Histories {
  readonly appends: Append[];
  readonly reads: Read[];
  readonly snapshots: Snapshot[];
  readonly follows: Follow[];
  readonly timers: TimerUse[];
  readonly publishes: Publish[];
  /** Events that came back with another content than their id's. */
  readonly altered: string[];
  /** Errors that are none of the library's. */
  readonly untyped: string[];
  /** Processes that ended of their own accord, and operations that had not ended by then. */
  readonly closed: { readonly process: string; readonly unfinished: string[]; readonly peakMegabytes: number | undefined }[];
}

export function emptyHistories(): Histories {
  return { appends: [], reads: [], snapshots: [], follows: [], timers: [], publishes: [], altered: [], untyped: [], closed: [] };
}

type Operation = Append | Read | Snapshot | Follow | TimerUse | Publish;

/** Adds the history of one process. */
export function addHistory(all: Histories, process: string, entries: Iterable<Entry>): void {
  const open = new Map<number, Operation>();
  for (const entry of entries) {
    const name = `${process}:${entry.op}`;
    if (entry.t === "invoke") {
      open.set(entry.op, begin(all, name, entry));
      continue;
    }
    if (entry.t === "altered") all.altered.push(`${name} was given ${entry.id} with ${entry.found}`);
    if (entry.t === "closed")
      all.closed.push({ process, unfinished: [...open.values()].map((operation) => operation.name), peakMegabytes: entry.peakMegabytes });
    const operation = open.get(entry.op);
    if (!operation || entry.t === "altered" || entry.t === "closed") continue;
    if (entry.t === "seen") {
      if ("seen" in operation) operation.seen.push(...entry.events);
      continue;
    }
    if (entry.t === "untyped") all.untyped.push(`${name}: ${entry.message}`);
    operation.until = entry.at;
    open.delete(entry.op);
    end(operation, entry);
  }
}

function begin(all: Histories, name: string, { call, at }: Entry & { t: "invoke" }): Operation {
  const times = { name, from: at, until: Number.POSITIVE_INFINITY };
  if (call.kind === "append") {
    const append: Append = {
      ...times,
      call,
      outcome: "unknown",
      results: [],
      state: undefined,
      decided: undefined,
      condition: call.condition,
      code: "unanswered",
      conflicts: [],
    };
    all.appends.push(append);
    return append;
  }
  if (call.kind === "read") {
    const read: Read = { ...times, call, events: undefined };
    all.reads.push(read);
    return read;
  }
  if (call.kind === "snapshot") {
    const snapshot: Snapshot = { ...times, call, versions: undefined };
    all.snapshots.push(snapshot);
    return snapshot;
  }
  if (call.kind === "set timer" || call.kind === "cancel timer") {
    const use: TimerUse = { ...times, call, outcome: "unknown", there: undefined };
    all.timers.push(use);
    return use;
  }
  if (call.kind === "publish") {
    const publish: Publish = { ...times, call, outcome: "unknown" };
    all.publishes.push(publish);
    return publish;
  }
  const follow: Follow = { ...times, call, seen: [] };
  all.follows.push(follow);
  return follow;
}

function end(operation: Operation, entry: Entry & { t: "ok" | "fail" | "unknown" | "untyped" }): void {
  if ("there" in operation) {
    operation.outcome = entry.t === "untyped" ? "unknown" : entry.t;
    if (entry.t === "ok" && entry.answer.kind === "cancel timer") operation.there = entry.answer.there;
  } else if (isPublish(operation)) {
    operation.outcome = entry.t === "untyped" ? "unknown" : entry.t;
  } else if ("outcome" in operation) {
    operation.outcome = entry.t === "untyped" ? "unknown" : entry.t;
    operation.code = "code" in entry ? entry.code : "";
    if (entry.t === "fail") operation.conflicts = entry.conflicts ?? [];
    if (entry.t === "ok" && entry.answer.kind === "append") {
      ({ results: operation.results, state: operation.state, decided: operation.decided } = entry.answer);
      operation.condition = entry.answer.condition ?? operation.condition;
    }
  } else if (entry.t === "ok") {
    if ("events" in operation && entry.answer.kind === "read") operation.events = entry.answer.events;
    if ("versions" in operation && entry.answer.kind === "snapshot") operation.versions = entry.answer.versions;
  }
}

function isPublish(operation: Operation): operation is Publish {
  return operation.call.kind === "publish";
}
