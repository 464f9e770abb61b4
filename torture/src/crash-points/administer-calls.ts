import type { EventStore } from "tidemark";
import type { Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";
import { consume, handledOnce } from "./consume-calls.ts";
import { threeEvents } from "./read-calls.ts";

/** Cases whose call was acknowledged. */
const acknowledged = new Set<string>();

/** A call that looks at no event and changes none: it ends well, or with an error of the library's. */
async function administer({ store, perform }: Client, category: string, work: (store: EventStore) => Promise<unknown>): Promise<void> {
  await perform({ kind: "snapshot", streams: [] }, async () => {
    await work(store);
    acknowledged.add(category);
    return { kind: "snapshot" as const, versions: [] };
  });
}

/** The state that an acknowledged call left; where it was not, either that or the one before. Undefined: it is as it should be. */
function judge<State extends string | number>(category: string, state: State, before: State, after: State): string | undefined {
  if (state === after || (state === before && !acknowledged.has(category))) return undefined;
  return `${acknowledged.has(category) ? "acknowledged" : "not acknowledged"}, and it is ${state}, not ${after}`;
}

/** Nothing is broken yet, but the machine may be busy, and the client is impatient. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

/** Three events, and a consumer that has handled them. */
async function handled(client: Client, category: string): Promise<void> {
  await threeEvents(client, category);
  await patiently(() => consume(client.store, category, 15_000));
}

/** Three events of a stream, of which a consumer has put the second aside, and so the third. */
async function putAside(client: Client, category: string): Promise<void> {
  await threeEvents(client, category);
  await patiently(() => consume(client.store, category, 15_000, { poison: 2 }));
}

const stateOf = async ({ store }: Client, category: string): Promise<string> => ((await store.consumers.get(category)).paused ? "paused" : "running");
const placeOf = async ({ store }: Client, category: string): Promise<number> => (await store.consumers.get(category)).shards[0]?.position ?? -1;

async function failedLetter(store: EventStore, category: string): Promise<{ readonly consumer: string; readonly position: number }> {
  const [letter] = await store.deadLetters.list({ consumer: category, state: "failed" });
  if (!letter) throw new Error(`${category} has no dead letter`);
  return letter;
}

/** Whatever became of the call: once it is done again, and a worker comes, every event but `discarded` was handled once. */
async function settles(client: Client, category: string, again: (store: EventStore) => Promise<unknown>, discarded = 0): Promise<string | undefined> {
  const left = await client.store.deadLetters.list({ consumer: category, state: "failed" });
  if (left.length > 0) await again(client.store);
  return handledOnce(client.store, category, 3 - discarded);
}

const retryFirst = async (store: EventStore, category: string): Promise<void> => store.deadLetters.retry(await failedLetter(store, category));
const discardFirst = async (store: EventStore, category: string): Promise<void> => store.deadLetters.discard(await failedLetter(store, category));

export const administerCalls: readonly Call[] = [
  {
    name: "ask how a consumer goes, and for its dead letters",
    promise: "S4",
    prepare: putAside,
    run: (client, category) =>
      administer(client, category, async (store) => {
        await store.consumers.get(category);
        await store.deadLetters.list({ consumer: category });
      }),
  },
  {
    name: "pause a consumer",
    promise: "S4",
    prepare: handled,
    run: (client, category) => administer(client, category, (store) => store.consumers.pause(category)),
    verify: (healthy, category) =>
      failure(async () => {
        const wrong = judge(category, await stateOf(healthy, category), "running", "paused");
        await healthy.store.consumers.resume(category);
        return wrong ?? handledOnce(healthy.store, category, 3);
      }),
  },
  {
    name: "set a consumer back",
    promise: "S4",
    prepare: handled,
    run: (client, category) => administer(client, category, (store) => store.consumers.reset(category, { after: 0 })),
    verify: (healthy, category) =>
      failure(async () => {
        const place = await placeOf(healthy, category);
        return judge(category, place === 0 ? 0 : 3, 3, 0);
      }),
  },
  {
    name: "give a consumer another name",
    promise: "S4",
    prepare: handled,
    run: (client, category) => administer(client, category, (store) => store.consumers.rename(category, `${category} renamed`)),
    verify: ({ store }, category) =>
      failure(async () => {
        const names = (await store.consumers.list()).map(({ name }) => name).filter((name) => name === category || name === `${category} renamed`);
        return names.length === 1 ? judge(category, names[0] ?? "", category, `${category} renamed`) : `it is there as ${JSON.stringify(names)}`;
      }),
  },
  {
    name: "try a dead letter again",
    promise: "S7",
    prepare: putAside,
    run: (client, category) => administer(client, category, (store) => retryFirst(store, category)),
    verify: (healthy, category) => failure(() => settles(healthy, category, (store) => retryFirst(store, category))),
  },
  {
    name: "discard a dead letter",
    promise: "S4",
    prepare: putAside,
    run: (client, category) => administer(client, category, (store) => discardFirst(store, category)),
    verify: (healthy, category) =>
      failure(async () => {
        const left = await healthy.store.deadLetters.list({ consumer: category, state: "failed" });
        return judge(category, left.length, 1, 0) ?? (await settles(healthy, category, (store) => discardFirst(store, category), 1));
      }),
  },
];
