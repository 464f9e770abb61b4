import { isDeepStrictEqual } from "node:util";
import type { Actor, Call } from "../call.ts";
import type { ModelEvent } from "../model.ts";

function shapeOf({ type, data }: { readonly type: string; readonly data: unknown }): ModelEvent {
  const n = typeof data === "object" && data !== null && "n" in data && typeof data.n === "number" ? data.n : Number.NaN;
  return { type, n };
}

function difference(what: string, found: readonly ModelEvent[], wanted: readonly ModelEvent[]): string | undefined {
  return isDeepStrictEqual(found, wanted) ? undefined : `${what} gave ${JSON.stringify(found)}, and should have given ${JSON.stringify(wanted)}`;
}

interface Range {
  fromVersion?: number;
  toVersion?: number;
  limit?: number;
  direction?: "forward" | "backward";
}

/** Some of the bounds that a read may have. */
function someRange({ random }: Actor, most: number): Range {
  const range: Range = {};
  if (random.chance(0.4)) range.fromVersion = random.between(1, most + 2);
  if (random.chance(0.4)) range.toVersion = random.between(1, most + 2);
  if (random.chance(0.4)) range.limit = random.between(1, most + 2);
  if (random.chance(0.5)) range.direction = random.pick<"forward" | "backward">(["forward", "backward"]);
  return range;
}

const readStream: Call = {
  name: "readStream",
  async run(actor) {
    const { store, model } = actor;
    const streamId = actor.stream();
    const all = model.events(streamId);
    const range = someRange(actor, all.length);
    const found = await store.readStream(streamId, range).toArray();
    const { fromVersion = 1, toVersion = all.length, limit = all.length, direction } = range;
    const between = all.slice(fromVersion - 1, Math.max(toVersion, 0));
    const wanted = (direction === "backward" ? between.toReversed() : between).slice(0, limit);
    return difference(`readStream(${streamId}, ${JSON.stringify(range)})`, found.map(shapeOf), wanted);
  },
};

/** Leaves a sequence after a few events: what it held has to be given back. */
const breakOff: Call = {
  name: "readAll, broken off",
  async run({ store, random }) {
    let left = random.between(1, 20);
    let last = 0;
    for await (const { position } of store.readAll({ direction: "forward" })) {
      if (position <= last) return `position ${position} came after ${last}`;
      last = position;
      if (--left === 0) break;
    }
    return undefined;
  },
};

const aggregate: Call = {
  name: "aggregateStream",
  async run(actor) {
    const { store, model } = actor;
    const streamId = actor.stream();
    const { state, version } = await store.aggregateStream<number[]>(streamId, {
      initialState: () => [],
      evolve: (numbers, { data }) => [...numbers, shapeOf({ type: "", data }).n],
    });
    const wanted = model.events(streamId).map(({ n }) => n);
    return version === wanted.length && isDeepStrictEqual(state, wanted) ? undefined : `aggregateStream(${streamId}) gave ${state.join()} at ${version}`;
  },
};

const info: Call = {
  name: "streamInfo",
  async run(actor) {
    const streamId = actor.stream();
    const { version, exists } = await actor.store.streamInfo(streamId);
    const wanted = actor.model.version(streamId);
    return version === wanted && exists === wanted > 0 ? undefined : `streamInfo(${streamId}) says ${version}, ${exists}; it has ${wanted} events`;
  },
};

/** Follows the log to its end, and stops by one of the ways there are. */
const subscribe: Call = {
  name: "subscribe",
  async run({ store, random }) {
    const controller = new AbortController();
    const positions: number[] = [];
    const most = random.between(1, 30);
    try {
      for await (const { position } of store.subscribe({ after: 0, signal: controller.signal, onCaughtUp: () => controller.abort() })) {
        positions.push(position);
        if (positions.length === most) break;
      }
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
    return positions.every((position, index) => position > (positions[index - 1] ?? 0)) ? undefined : `a subscription gave ${positions.join()}`;
  },
};

const look: Call = {
  name: "highWaterMark, blockers, lists",
  async run({ store }) {
    const mark = await store.highWaterMark();
    await Promise.all([store.blockers(), store.consumers.list(), store.projections.list(), store.deadLetters.list()]);
    const later = await store.highWaterMark();
    return later >= mark ? undefined : `the mark went back from ${mark} to ${later}`;
  },
};

export const readCalls: readonly Call[] = [readStream, readStream, breakOff, aggregate, info, subscribe, look];
