import { type Event, type EventReaderWriter, executeCommand, type MultiStreamDecider, type RecordedEvent } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";

type AccountEvent = Event<"Deposited", { readonly cents: number }> | Event<"Withdrawn", { readonly cents: number }> | Event<"Linked", { readonly to: string }>;
type Balances = Readonly<Record<string, number>>;
interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly cents: number;
}

class ShortOfMoneyError extends Error {}

function evolve(balances: Balances, event: RecordedEvent<AccountEvent>): Balances {
  const before = balances[event.streamId] ?? 0;
  switch (event.type) {
    case "Deposited":
      return { ...balances, [event.streamId]: before + event.data.cents };
    case "Withdrawn":
      return { ...balances, [event.streamId]: before - event.data.cents };
    case "Linked":
      return balances;
  }
}

const transfer: MultiStreamDecider<Balances, Transfer, AccountEvent> = {
  reads: ({ from, to }) => [from, to],
  initialState: () => ({}),
  evolve,
  decide: ({ from, to, cents }, balances) => {
    if ((balances[from] ?? 0) < cents) throw new ShortOfMoneyError(`${from} is short`);
    return [
      { streamId: from, events: [{ type: "Withdrawn", data: { cents } }] },
      { streamId: to, events: [{ type: "Deposited", data: { cents } }] },
    ];
  },
};
const deposit = (cents: number): AccountEvent => ({ type: "Deposited", data: { cents } });
const linked = (to: string): AccountEvent => ({ type: "Linked", data: { to } });

async function balances(store: EventReaderWriter): Promise<Balances> {
  const events = await store.readAll<AccountEvent>().toArray();
  return events.reduce(evolve, {});
}

describe("a command over several streams", () => {
  test("appends to all of them or to none, and gives back the events in their order", async ({ store }) => {
    await store.appendToStream("account-1", [deposit(100)]);
    const result = await executeCommand(store, transfer, { from: "account-1", to: "account-2", cents: 30 });
    expect(result).toMatchObject({ state: { "account-1": 70, "account-2": 30 }, attempts: 1 });
    expect(result.events).toEqual((await store.readAll().toArray()).slice(1));
    expect(result.position).toBe(result.events.at(-1)?.position);
    expect(Object.hasOwn(result, "version")).toBe(false);
    await expect(executeCommand(store, transfer, { from: "account-1", to: "account-2", cents: 71 })).rejects.toThrow(ShortOfMoneyError);
    expect(await store.readAll().toArray()).toHaveLength(3);
  });

  test("keeps the total of accounts while many move money at once", async ({ store }) => {
    const accounts = Array.from({ length: 4 }, (_, n) => `account-${n}`);
    for (const account of accounts) await store.appendToStream(account, [deposit(50)]);
    const moves = Array.from({ length: 60 }, (_, n) => ({ from: `account-${n % 4}`, to: `account-${(n * 3 + 1) % 4}`, cents: 10 + (n % 5) * 10 })).filter(
      ({ from, to }) => from !== to,
    );
    const outcomes = await Promise.allSettled(moves.map((move) => executeCommand(store, transfer, move, { retry: { attempts: 50 } })));
    const moved = outcomes.filter(({ status }) => status === "fulfilled");
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(ShortOfMoneyError);
    expect(moved.length).toBeGreaterThan(5);
    expect(moved.some((outcome) => outcome.status === "fulfilled" && outcome.value.attempts > 1)).toBe(true);
    const now = Object.values(await balances(store));
    expect(now.reduce((sum, cents) => sum + cents, 0)).toBe(200);
    expect(now.every((cents) => cents >= 0)).toBe(true);
    expect(await store.readAll().toArray()).toHaveLength(4 + 2 * moved.length);
  });

  test("is decided again when a stream changes that it only read, also one without events", async ({ store }) => {
    for (const limit of ["limit-1", "limit-2"]) {
      if (limit === "limit-2") await store.appendToStream(limit, [deposit(1)]);
      let decisions = 0;
      const limited: MultiStreamDecider<Balances, undefined, AccountEvent> = {
        reads: ["account-1", limit],
        initialState: () => ({}),
        evolve,
        decide: async (_command, state) => {
          if (++decisions === 1) await store.appendToStream(limit, [deposit(5)]);
          return [{ streamId: "account-1", events: [deposit(state[limit] ?? 0)] }];
        },
      };
      const { attempts, events } = await executeCommand(store, limited, undefined);
      expect({ attempts, events: events.length }).toEqual({ attempts: 2, events: 1 });
      expect(events[0]?.data).toEqual({ cents: limit === "limit-1" ? 5 : 6 });
    }
  });

  test("finds streams while it reads, and folds all events in the order of the log", async ({ store }) => {
    await store.appendToStream("c", [deposit(3)]);
    await store.appendToStream("a", [linked("b")]);
    await store.appendToStream("b", [linked("c"), linked("c")]);
    await store.appendToStream("a", [deposit(1)]);
    const asked: string[][] = [];
    const closure: MultiStreamDecider<{ readonly order: readonly string[]; readonly links: readonly string[] }, string, AccountEvent> = {
      reads: (root, { links }) => {
        asked.push([root, ...links]);
        return [root, ...links];
      },
      initialState: () => ({ order: [], links: [] }),
      evolve: ({ order, links }, event) => ({
        order: [...order, `${event.streamId}@${event.version}`],
        links: event.type === "Linked" ? [...links, event.data.to] : links,
      }),
      decide: (root) => [{ streamId: root, events: [deposit(1)] }],
    };
    const { state } = await executeCommand(store, closure, "a");
    expect(state.order).toEqual(["c@1", "a@1", "b@1", "b@2", "a@2", "a@3"]);
    expect(asked.map((names) => names.join())).toEqual(["a", "a,b", "a,b,c,c", "a,b,c,c"]);
  });

  test("that names new streams for ever is refused", async ({ store }) => {
    let n = 0;
    const endless = { ...transfer, reads: () => [`account-${n++}`] };
    await expect(executeCommand(store, endless, { from: "a", to: "b", cents: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "decider.reads" });
    // Named a hundred times, and asked once more whether that was all.
    expect(n).toBe(101);
  });

  test("of one stream, or swapped with the store, says which call is meant", async ({ store }) => {
    const { reads: _, ...single } = transfer;
    // @ts-expect-error -- no reads
    const ofOne = executeCommand(store, single, { from: "a", to: "b", cents: 1 });
    await expect(ofOne).rejects.toThrow(
      "decider.reads is missing. executeCommand needs a decider with `reads` or `query`; handle a decider of one stream with handleCommand(",
    );
    // @ts-expect-error -- swapped arguments
    const swapped = executeCommand(transfer, store, { from: "a", to: "b", cents: 1 });
    await expect(swapped).rejects.toThrow("decider must be a decider, but is a store. The store comes first: executeCommand(store, decider, command)");
  });

  test("may append to streams that it did not read, as it expects them", async ({ store }) => {
    const opening: MultiStreamDecider<Balances, string, AccountEvent> = {
      ...transfer,
      reads: ["account-1"],
      decide: (streamId) => [{ streamId, events: [deposit(1)], expectedVersion: "no-stream" }],
    };
    await executeCommand(store, opening, "account-2");
    await expect(executeCommand(store, opening, "account-2", { retry: { attempts: 2 } })).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      streamId: "account-2",
    });
    await expect(executeCommand(store, opening, "account-1")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "decide" });
  });

  test("under REPEATABLE READ is refused when a stream has moved on that it only read", async ({ store, sql }) => {
    const limited: MultiStreamDecider<Balances, undefined, AccountEvent> = {
      reads: ["account-1", "limit-1"],
      initialState: () => ({}),
      evolve,
      decide: (_command, state) => [{ streamId: "account-1", events: [deposit(state["limit-1"] ?? 0)] }],
    };
    await store.appendToStream("limit-1", [deposit(5)]);
    const client = await sql.connect();
    try {
      await client.query("begin isolation level repeatable read");
      await client.query("select 1");
      await store.appendToStream("limit-1", [deposit(1)]);
      await expect(executeCommand(store.withTransaction(client), limited, undefined)).rejects.toMatchObject({ code: "SERIALIZATION_FAILURE" });
    } finally {
      await client.query("rollback");
      client.release();
    }
    expect((await executeCommand(store, limited, undefined)).events).toMatchObject([{ data: { cents: 6 } }]);
  });

  test("in a transaction commits with it", async ({ store }) => {
    const mine = new Error("mine");
    await store.appendToStream("account-1", [deposit(100)]);
    const failing = store.transaction(async (tx) => {
      await executeCommand(tx, transfer, { from: "account-1", to: "account-2", cents: 10 });
      throw mine;
    });
    await expect(failing).rejects.toBe(mine);
    expect(await balances(store)).toEqual({ "account-1": 100 });
  });
});

/** A store where, once, a transfer from account-1 to account-2 commits between the readings of the two. */
function tornOnce(store: EventReaderWriter): EventReaderWriter {
  let torn = false;
  const firstRead = Promise.withResolvers<void>();
  return new Proxy(store, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key);
      if (key !== "readStream" || typeof method !== "function") return typeof method === "function" ? method.bind(target) : method;
      return (streamId: string) => ({
        toArray: async () => {
          if (streamId === "account-2" && !torn) {
            torn = true;
            await firstRead.promise;
            await executeCommand(store, transfer, { from: "account-1", to: "account-2", cents: 40 });
          }
          const events = await target.readStream(streamId).toArray();
          if (streamId === "account-1") firstRead.resolve();
          return events;
        },
      });
    },
  });
}

describe("a state that no moment had", () => {
  const outrage = new Error("the books do not balance");
  const audit: MultiStreamDecider<Balances, undefined, AccountEvent> = {
    reads: ["account-1", "account-2"],
    initialState: () => ({}),
    evolve,
    decide: (_command, state) => {
      if ((state["account-1"] ?? 0) + (state["account-2"] ?? 0) !== 100) throw outrage;
      return [];
    },
  };

  test("refuses no command, and lets none pass that does nothing", async ({ store }) => {
    await store.appendToStream("account-1", [deposit(100)]);
    expect(await executeCommand(tornOnce(store), audit, undefined)).toMatchObject({ attempts: 2, state: { "account-1": 60, "account-2": 40 } });
    const silent = { ...audit, decide: () => [] };
    expect(await executeCommand(tornOnce(store), silent, undefined)).toMatchObject({ attempts: 2, state: { "account-1": 20, "account-2": 80 } });
  });

  test("is a conflict when it is the last attempt's, and a true refusal passes through", async ({ store }) => {
    await store.appendToStream("account-1", [deposit(100)]);
    await expect(executeCommand(tornOnce(store), audit, undefined, { retry: false })).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
    await store.appendToStream("account-2", [deposit(1)]);
    await expect(executeCommand(store, audit, undefined)).rejects.toBe(outrage);
  });
});
