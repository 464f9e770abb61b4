import type { EventStore } from "tidemark";
import { firstErrandBatch } from "../errands/inputs.ts";
import { contentOf, eventId } from "../history/content.ts";
import type { Answer, AppendCall, Call, Expected, Part } from "../history/entry.ts";
import type { HistoryWriter } from "../history/write.ts";
import type { Random } from "../random.ts";
import { firstShapeBatch } from "../shapes/shapes.ts";
import { failureOf, type Failure } from "./outcome.ts";
import type { Orders } from "./orders.ts";
import { chooseExpected } from "./streams.ts";
import { isRepeatable } from "./unresolved.ts";
import type { KnownVersions } from "./versions.ts";

/** What the clients of one process share. */
export interface Shared {
  readonly orders: Orders;
  readonly store: EventStore;
  readonly history: HistoryWriter;
  readonly versions: KnownVersions;
  /** Ids that the store is about to ask for: see `eventsWithoutIds`. */
  readonly idsToGive: string[];
  /** Appends that may or may not have been written; anyone may send them again. */
  readonly unresolved: AppendCall[];
  readonly stopping: AbortSignal;
  operations: number;
  written: number;
  /** Events whose first try was acknowledged. */
  acknowledged: number;
}

/** One loop of a worker process: what an operation works with. */
export interface Client {
  readonly shared: Shared;
  readonly store: EventStore;
  readonly random: Random;
  /** Ids for the events of one operation. */
  newIds(count: number): string[];
  /** Ids for events that this process's code writes in other shapes than another's. */
  newShapeIds(count: number): string[];
  /** Ids for inputs of the process: the first one begins an instance. */
  newErrandIds(count: number): string[];
  /** An expectation of the stream, mostly right. */
  expect(stream: string): Expected;
  /** Writes down the call, does it, and writes down what came of it. Returns the answer, or undefined where it threw. */
  perform<A extends Answer>(call: Call, work: () => Promise<A>, failure?: (error: unknown) => Failure): Promise<A | undefined>;
  /** The same for an append: remembers what it learned. */
  append(call: AppendCall, work: () => Promise<Answer>, failure?: (error: unknown) => Failure): Promise<void>;
}

/** Not the number of the operation: one that reads before it appends takes its ids earlier, and another would take the same. */
let idBatches = 0;

export function createClient(shared: Shared, random: Random): Client {
  const { history, orders, versions } = shared;

  async function perform<A extends Answer>(call: Call, work: () => Promise<A>, failure = failureOf): Promise<A | undefined> {
    const op = shared.operations++;
    history.write({ t: "invoke", op, call });
    try {
      const answer = await work();
      history.write({ t: "ok", op, answer });
      return answer;
    } catch (error) {
      const what = failure(error);
      history.write({ ...what, op });
      if (what.t === "fail") for (const [stream, actual] of what.conflicts ?? []) versions.saw(stream, actual);
      if (what.t === "unknown" && call.kind === "append" && isRepeatable(call)) shared.unresolved.push(call);
      return undefined;
    }
  }

  const idsOf = (batch: number, count: number): string[] =>
    Array.from({ length: count }, (_, place) => eventId(orders.worker, orders.incarnation, batch, place));

  return {
    shared,
    store: shared.store,
    random,
    newIds: (count) => idsOf(idBatches++, count),
    newShapeIds: (count) => idsOf(firstShapeBatch + idBatches++, count),
    newErrandIds: (count) => idsOf(firstErrandBatch + idBatches++, count),
    expect: (stream) => chooseExpected(random, versions, stream),
    perform,
    async append(call, work, failure) {
      const answer = await perform(call, work, failure);
      if (answer?.kind !== "append") return;
      for (const [index, { stream, ids }] of call.parts.entries()) {
        versions.saw(stream, answer.results[index]?.[0] ?? 0);
        shared.written += ids.length;
        if (call.again !== true) shared.acknowledged += ids.length;
      }
    },
  };
}

type StreamAppend = Parameters<EventStore["appendToStreams"]>[0][number];

/** The events of a part, with their ids. */
export function eventsOf(part: Part): StreamAppend["events"] {
  return part.ids.map((id) => ({ ...contentOf(id), id }));
}

/**
 * The events of a part without ids, which the store then asks for. An append whose ids the caller chose takes another way
 * through the database than one whose ids the store made.
 *
 * Only sound where the store encodes all of the append before the call returns, so that no other call comes between.
 */
export function eventsWithoutIds(shared: Shared, part: Part): StreamAppend["events"] {
  shared.idsToGive.push(...part.ids);
  return part.ids.map((id) => contentOf(id));
}

export function resultsOf(results: readonly { readonly version: number; readonly position: number; readonly created: boolean }[]): Answer {
  return { kind: "append", results: results.map(({ version, position, created }) => [version, position, created]) };
}
