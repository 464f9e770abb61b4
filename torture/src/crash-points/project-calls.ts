import { setTimeout as delay } from "node:timers/promises";
import { documentProjection, type DocumentProjection, type EventStore, type RecordedEvent } from "tidemark";
import { types } from "../history/content.ts";
import { eventsOf, eventsWithoutIds, resultsOf, type Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";
import { threeEvents } from "./read-calls.ts";

/** What the events of a document come to: an event that counts twice, or not at all, shows in both. */
interface Tally {
  readonly events: number;
  readonly versions: number;
}

const add = (document: Tally | undefined, { version }: { readonly version: number }): Tally => ({
  events: (document?.events ?? 0) + 1,
  versions: (document?.versions ?? 0) + version,
});

/** A document of each stream, and one that all streams of a case share. */
const idsOf = (category: string, streamId: string): readonly string[] => [streamId, `all of ${category}`];

async function differences(
  store: EventStore,
  projection: DocumentProjection<Tally>,
  category: string,
  streams: readonly string[],
): Promise<string | undefined> {
  const documents = store.documents(projection);
  const wanted = new Map<string, Tally>();
  for (const stream of streams) {
    for await (const event of store.readStream(stream)) for (const id of idsOf(category, stream)) wanted.set(id, add(wanted.get(id), event));
  }
  for (const [id, { events, versions }] of wanted) {
    const document = await documents.get(id);
    if (document?.events !== events || document.versions !== versions)
      return `document ${JSON.stringify(id)} is ${JSON.stringify(document)}, and its ${events} events come to ${versions}`;
  }
  return undefined;
}

/** Of one case alone, so that its follower is. */
const followed = new Map<string, DocumentProjection<Tally>>();

function followedBy(category: string): DocumentProjection<Tally> {
  const known = followed.get(category);
  if (known) return known;
  const projection = documentProjection<Tally>({
    name: category,
    mode: "async",
    collection: category,
    filter: { categories: [category] },
    handles: types,
    documentId: ({ streamId }: RecordedEvent) => idsOf(category, streamId),
    evolve: add,
  });
  followed.set(category, projection);
  return projection;
}

/** Until it is caught up, or until the time is over; what is left is left to another worker. */
async function project(store: EventStore, category: string, forMs: number): Promise<void> {
  const worker = store.createWorker({ projections: [followedBy(category)], timers: false, leaseMs: 1_500, onError: () => undefined });
  try {
    await worker.start();
    await Promise.race([worker.caughtUp(), delay(forMs)]);
  } finally {
    await worker.stop({ timeoutMs: 1_000 });
  }
}

export const followedCalls: readonly Call[] = [
  {
    name: "project three events later",
    promise: "S8",
    projections: (category) => [followedBy(category)],
    prepare: threeEvents,
    async run({ store, perform }, category) {
      await perform({ kind: "snapshot", streams: [] }, async () => {
        await project(store, category, 4_000);
        return { kind: "snapshot" as const, versions: [] };
      });
    },
    verify: ({ store }, category) =>
      failure(async () => {
        await project(store, category, 15_000);
        return differences(store, followedBy(category), category, [`${category}-1`]);
      }),
  },
];

/** Written by appends, of all cases: every process that appends has to know it. */
export const inlineProjection: DocumentProjection<Tally> = documentProjection<Tally>({
  name: "inline",
  mode: "inline",
  collection: "inline",
  handles: types,
  documentId: ({ streamId, category }: RecordedEvent) => idsOf(category, streamId),
  evolve: add,
});

async function append(client: Client, category: string, places: readonly number[], ids: "own" | "the store's"): Promise<void> {
  const { store, shared } = client;
  const given = client.newIds(places.length);
  const parts = places.map((place, index) => ({ stream: `${category}-${place}`, expected: "any" as const, ids: given.slice(index, index + 1) }));
  const events = ids === "own" ? eventsOf : (part: (typeof parts)[number]) => eventsWithoutIds(shared, part);
  await client.append({ kind: "append", how: "append to several streams", parts }, async () =>
    resultsOf(await store.appendToStreams(parts.map((part) => ({ streamId: part.stream, events: events(part) })))),
  );
}

const exactly = ({ store }: Client, category: string): Promise<string | undefined> =>
  failure(() =>
    differences(
      store,
      inlineProjection,
      category,
      [1, 2, 3].map((place) => `${category}-${place}`),
    ),
  );
const projections = () => [inlineProjection];

/** In a schema of their own, whose appends all know the projection. */
export const inlineCalls: readonly Call[] = [
  {
    name: "append what makes new documents",
    promise: "S8",
    projections,
    run: (client, category) => append(client, category, [1], "the store's"),
    verify: exactly,
  },
  {
    name: "append what changes documents and makes new ones",
    promise: "S8",
    projections,
    prepare: (client, category) => append(client, category, [1], "the store's"),
    run: (client, category) => append(client, category, [1, 2], "own"),
    verify: exactly,
  },
  {
    name: "append four times at once what changes the same documents",
    promise: "S8",
    projections,
    prepare: (client, category) => append(client, category, [1], "the store's"),
    async run(client, category) {
      await Promise.all([[1], [2], [1, 3], [2]].map((places) => append(client, category, places, "the store's")));
    },
    verify: exactly,
  },
];
