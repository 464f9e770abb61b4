import { AssertionError } from "node:assert";
import { type BoundaryDecider, documentProjection, handleCommand, InvalidArgumentError, type MultiStreamDecider, type NewEvent } from "tidemark";
import { openTestStore, scenario } from "tidemark/testing";
import { describe, expect, test } from "vitest";
import { add, cart, CartClosedError, type CartEvent, confirm } from "../commands/cart.ts";
import { itemAdded } from "../support/cart.ts";

const tea: CartEvent = { type: "ItemAdded", data: { sku: "tea" } };
const confirmed: CartEvent = { type: "CartConfirmed", data: { items: 1 } };

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("it passed");
}

describe("a refusal that is no refusal of the decider's fails the test", () => {
  const missing: { readonly confirmed: boolean } | undefined = JSON.parse("[]")[0];
  /** Decides, or folds, with a mistake. */
  const mistakes: Readonly<Record<string, Partial<typeof cart>>> = {
    // @ts-expect-error -- there is none
    "a TypeError": { decide: () => (missing.confirmed ? [] : [tea]) },
    // @ts-expect-error -- a misspelt name
    "a ReferenceError": { decide: () => stat.items },
    "a RangeError": { decide: () => [{ type: "ItemAdded", data: { sku: new Date(Number.NaN).toISOString() } }] },
    // @ts-expect-error -- a forgotten return
    "an InvalidArgumentError": { decide: () => {} },
    "an InvalidArgumentError of the data": { decide: () => [{ type: "ItemAdded", data: Object.assign({ sku: "tea" }, { at: new Date(0) }) }] },
  };
  test.for(Object.entries(mistakes))("%s", async ([what, mistake]) => {
    const decision = scenario({ ...cart, ...mistake })
      .given([tea])
      .when(confirm);
    const name = what.split(" ")[1] ?? "";
    const told = { code: "ERR_ASSERTION", message: expect.stringContaining(`thenThrows(${name})`), cause: expect.objectContaining({ name }) };
    for (const expected of [[], [Error]] as const) {
      expect(failure(() => decision.thenThrows(...expected))).toMatchObject(told);
      await expect(decision.thenThrowsAsync(...expected)).rejects.toMatchObject(told);
    }
    const named = { TypeError, ReferenceError, RangeError, InvalidArgumentError }[name];
    if (!named) throw new Error("it is one of these");
    decision.thenThrows(named);
  });

  test("what evolve returns that is no state, by itself", () => {
    // @ts-expect-error -- a forgotten branch
    const evolve: typeof cart.evolve = () => undefined;
    const forgetful = scenario({ ...cart, evolve }).given([tea]);
    expect(failure(() => forgetful.when(confirm).thenThrows(InvalidArgumentError))).toMatchObject({ code: "INVALID_ARGUMENT", path: "decider.evolve" });
  });

  test("a TypeError of the engine whose message happens to match", () => {
    // @ts-expect-error -- there is none
    const mistaken = { ...cart, decide: () => (missing.confirmed ? [] : [tea]) };
    expect(
      failure(() =>
        scenario(mistaken)
          .given([])
          .when(confirm)
          .thenThrows(/confirmed/),
      ),
    ).toMatchObject({ code: "ERR_ASSERTION", cause: expect.any(TypeError) });
    const picky = {
      ...cart,
      decide: (): CartEvent[] => {
        throw new TypeError("the quantity must be a number");
      },
    };
    scenario(picky)
      .given([])
      .when(confirm)
      .thenThrows(/quantity/);
  });

  test("a class of the decider's own is one, of whatever it is made", () => {
    expect.assertions(0);
    class WrongUnitError extends TypeError {}
    const own = {
      ...cart,
      decide: (): CartEvent[] => {
        throw new WrongUnitError("unit");
      },
    };
    scenario(own).given([]).when(confirm).thenThrows();
  });
});

describe("what is expected of an error", () => {
  const refused = scenario(cart).given([confirmed]).when(confirm);

  test("may be a part of its message", () => {
    refused.thenThrows("is confirmed");
    expect(failure(() => refused.thenThrows("is empty"))).toMatchObject({ code: "ERR_ASSERTION", message: expect.stringContaining('"is empty"') });
  });

  test("is refused where it is nothing of that kind", async () => {
    // @ts-expect-error -- no class
    const wrongs: readonly (typeof CartClosedError)[] = ["", 7, null, () => CartClosedError, { message: "is confirmed" }, Date];
    for (const wrong of wrongs) {
      expect(failure(() => refused.thenThrows(wrong))).toMatchObject({ code: "INVALID_ARGUMENT", path: "error" });
      await expect(refused.thenThrowsAsync(wrong)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "error" });
      expect(failure(() => scenario(cart).given([]).when(confirm).thenThrows(wrong))).toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  test("may be one pattern with flags, asked twice", () => {
    for (const pattern of [/confirmed/g, /the cart/y]) {
      for (let n = 0; n < 3; n++) refused.thenThrows(pattern);
      expect(failure(() => scenario(cart).given([]).when(confirm).thenThrows(pattern))).toBeInstanceOf(AssertionError);
      expect(pattern.lastIndex).toBe(0);
    }
  });
});

describe("a misspelt key is refused", () => {
  const misspelt = { ...tea, metdata: { actorId: "ada" } };
  const refused = (path: string): object => ({ code: "INVALID_ARGUMENT", path, message: expect.stringContaining("metadata") });

  test("in what is expected", async () => {
    const decision = scenario(cart).given([]).when(add("tea"));
    expect(failure(() => decision.then([misspelt]))).toMatchObject(refused("then[0].metdata"));
    await expect(decision.thenAsync([misspelt])).rejects.toMatchObject(refused("then[0].metdata"));
    // It is not compared.
    expect(failure(() => decision.then([Object.assign({ streamId: "cart-1" }, tea)]))).toMatchObject({ path: "then[0].streamId" });
  });

  test("in what is given, which may be events that were read", async () => {
    expect(failure(() => scenario(cart).given([misspelt]).when(confirm).then([]))).toMatchObject(refused("given[0].metdata"));
    await using store = await openTestStore();
    const { events } = await handleCommand(store, cart, "cart-1", add("tea"));
    scenario(cart).given(events).when(add("tea")).then([]);
  });

  test("in what is decided, as by a store, with everything else that a store refuses", () => {
    const decides = (event: NewEvent): unknown =>
      failure(() =>
        scenario<null, null, NewEvent>({ initialState: () => null, evolve: () => null, decide: () => [event] })
          .given([])
          .when(null)
          .then([tea]),
      );
    expect(decides(misspelt)).toMatchObject(refused("decided[0].metdata"));
    expect(decides({ ...tea, type: "" })).toMatchObject({ path: "decided[0].type" });
    expect(decides({ ...tea, tags: ["\n"] })).toMatchObject({ path: "decided[0].tags[0]" });
    expect(decides({ ...tea, id: "one" })).toMatchObject({ path: "decided[0].id" });
  });

  const fold = { initialState: () => 0, evolve: (count: number) => count + 1 };

  test("in scenarios of several streams, of events and of parts", () => {
    const part = { streamId: "a", events: [tea] };
    const wrong = { ...part, expectedVersoin: 1 };
    const decides = (parts: readonly (typeof part)[]): MultiStreamDecider<number, null, CartEvent> => ({ ...fold, reads: [], decide: () => parts });
    const misspeltEvents = { streamId: "a", events: [misspelt] };
    expect(
      failure(() =>
        scenario(decides([part]))
          .given([])
          .when(null)
          .then([wrong]),
      ),
    ).toMatchObject({ path: "then[0].expectedVersoin" });
    expect(
      failure(() =>
        scenario(decides([wrong]))
          .given([])
          .when(null)
          .then([part]),
      ),
    ).toMatchObject({ path: "decided[0].expectedVersoin" });
    expect(
      failure(() =>
        scenario(decides([part]))
          .given([])
          .when(null)
          .then([misspeltEvents]),
      ),
    ).toMatchObject(refused("then[0].events[0].metdata"));
    expect(
      failure(() =>
        scenario(decides([misspeltEvents]))
          .given([])
          .when(null)
          .then([part]),
      ),
    ).toMatchObject(refused("decided[0].events[0].metdata"));
    expect(
      failure(() =>
        scenario(decides([part]))
          .given([{ ...misspelt, streamId: "a" }])
          .when(null)
          .then([part]),
      ),
    ).toMatchObject(refused("given[0].metdata"));
  });

  test("in scenarios by query and of projections", () => {
    const query: BoundaryDecider<number, null, CartEvent> = { ...fold, query: [{ tags: ["a:1"] }], decide: () => [{ ...tea, tags: ["a:1"] }] };
    expect(failure(() => scenario(query).given([misspelt]).when(null).then([]))).toMatchObject(refused("given[0].metdata"));
    expect(failure(() => scenario(query).given([]).when(null).then([misspelt]))).toMatchObject(refused("then[0].metdata"));
    const projection = documentProjection<object>({ name: "p", mode: "async", collection: "p", handles: ["A"], documentId: () => "a", evolve: () => ({}) });
    expect(failure(() => scenario(projection).given([misspelt]))).toMatchObject(refused("given[0].metdata"));
  });
});

describe("a scenario of a projection", () => {
  const projection = documentProjection<object>({
    name: "p",
    mode: "inline",
    collection: "p",
    handles: ["A"],
    documentId: ({ streamId, version }) => (version === 1 ? streamId : null),
    evolve: () => ({}),
  });

  test("that is awaited before it is told what to expect fails", async () => {
    const history: unknown = scenario(projection).given([]);
    await expect((async () => await history)()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("then({") });
    // @ts-expect-error -- no documents
    for (const wrong of [undefined, null, [], "a"]) await expect(scenario(projection).given([]).then(wrong)).rejects.toMatchObject({ path: "then" });
  });

  test("fails where a documentId depends on what an event does not have yet in an inline one", async () => {
    const failing = scenario(projection)
      .given([{ type: "A", data: 1 }])
      .then({ given: {} });
    await expect(failing).rejects.toMatchObject({ code: "PROJECTION_FAILED", message: expect.stringContaining("used the event's version") });
  });
});

describe("what was planned for a test store and never came fails the test when the store closes", () => {
  const closing = async (options: Parameters<typeof openTestStore>[0], use: (store: Awaited<ReturnType<typeof openTestStore>>) => Promise<unknown>) => {
    const store = await openTestStore(options);
    await use(store);
    return store.close();
  };

  test("a conflict of an append that was not made", async () => {
    const never = closing({ conflicts: [1, 4] }, (store) => handleCommand(store, cart, "cart-1", add("tea")));
    await expect(never).rejects.toMatchObject({ code: "ERR_ASSERTION", message: expect.stringMatching(/conflict of append 4.*1 append/) });
    const twice = closing({ conflicts: [1, 1] }, (store) => handleCommand(store, cart, "cart-1", add("tea")));
    await expect(twice).rejects.toMatchObject({ message: expect.stringContaining("conflict of append 1") });
    await expect(closing({ conflicts: [1] }, (store) => handleCommand(store, cart, "cart-1", add("tea")))).resolves.toBeUndefined();
  });

  test("a fault of an append that was not made, or never reached the database", async () => {
    for (const kind of ["refused", "lost-reply", "unknown"] as const) {
      const told = { code: "ERR_ASSERTION", message: expect.stringContaining(`fault "${kind}" of append 1`) };
      await expect(closing({ faults: [{ append: 1, kind }] }, async () => {})).rejects.toMatchObject(told);
      const refusedBefore = closing({ faults: [{ append: 1, kind }] }, async (store) => {
        await store.appendToStream("", [itemAdded()]).catch(() => {});
        // It is not this one's.
        expect(await store.appendToStream("cart-1", [itemAdded()])).toMatchObject({ version: 1 });
      });
      await expect(refusedBefore).rejects.toMatchObject(told);
      await expect(closing({ faults: [{ append: 1, kind }] }, (store) => store.appendToStream("a", [itemAdded()]).catch(() => {}))).resolves.toBeUndefined();
    }
  });

  test("the schema is dropped all the same, and an own pool is let go of", async () => {
    await using other = await openTestStore();
    const schemas = async (): Promise<number> => (await other.query("select from pg_catalog.pg_namespace where nspname like 'test\\_%'")).rowCount ?? 0;
    const before = await schemas();
    await expect(closing({ conflicts: [1] }, async () => {})).rejects.toBeInstanceOf(AssertionError);
    expect(await schemas()).toBe(before);
  });
});
