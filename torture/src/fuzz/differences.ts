import type { EventStore } from "tidemark";
import type { Actor } from "./call.ts";
import type { Model } from "./model.ts";
import { asyncSummaries } from "./projections.ts";
import type { Target } from "./target.ts";

/** What a target holds in the end and should not, or the other way round: each event once in its stream, and each document. */
export async function differences({ store, copy }: Target, all: readonly Actor[]): Promise<readonly string[]> {
  return [
    ...(await inLog("the log", store, models(all, "model"))),
    ...(await inReadModel(store, models(all, "model"))),
    ...(await inLog("the copy", copy, models(all, "copied"))),
  ];
}

function models(all: readonly Actor[], which: "model" | "copied"): ReadonlyMap<string, readonly number[]> {
  const streams = all.flatMap((actor): Model["streams"] => actor[which].streams);
  return new Map(streams.map(([id, events]) => [id, events.map(({ n }) => n)]));
}

/** Hostile values name streams of their own. */
const isCallers = (id: string): boolean => id.startsWith("caller");

async function inLog(what: string, store: EventStore, wanted: ReadonlyMap<string, readonly number[]>): Promise<readonly string[]> {
  const found = new Map<string, (number | undefined)[]>();
  for await (const { streamId, data } of store.readAll<{ readonly type: string; readonly data: { readonly n?: number } }>()) {
    const before = found.get(streamId);
    if (before) before.push(data.n);
    else found.set(streamId, [data.n]);
  }
  const told = (numbers: readonly (number | undefined)[] | undefined): string => numbers?.join() ?? "nothing";
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((id) => isCallers(id) && told(wanted.get(id)) !== told(found.get(id)))
    .map((id) => `end ${what}: stream ${id} holds ${told(found.get(id))}, and should hold ${told(wanted.get(id))}`);
}

async function inReadModel(store: EventStore, wanted: ReadonlyMap<string, readonly number[]>): Promise<readonly string[]> {
  const summary = (count: number, last: number | undefined): string => (count === 0 ? "nothing" : `${count} events, the last ${last}`);
  const found = new Map((await store.documents(asyncSummaries).find()).map(({ _id, count, last }) => [_id, summary(count, last)]));
  const should = (id: string): string => summary(wanted.get(id)?.length ?? 0, wanted.get(id)?.at(-1));
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((id) => isCallers(id) && should(id) !== (found.get(id) ?? "nothing"))
    .map((id) => `end the read model: document ${id} has ${found.get(id) ?? "nothing"}, and should have ${should(id)}`);
}
