import { AssertionError } from "node:assert";
import { describe, expect, test } from "vitest";
import { scenario } from "../../src/testing/index.ts";
import { add, cart, CartClosedError, type CartEvent, confirm } from "../commands/cart.ts";

const tea: CartEvent = { type: "ItemAdded", data: { sku: "tea" } };
const confirmed: CartEvent = { type: "CartConfirmed", data: { items: 1 } };
const slow = { ...cart, decide: async (...decision: Parameters<typeof cart.decide>) => cart.decide(...decision) };

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("it passed");
}

describe("a scenario", () => {
  test("passes when the decision is as told", () => {
    expect.assertions(0);
    scenario(cart).given([]).when(add("tea")).then([tea]);
    scenario(cart).given([tea]).when(add("tea")).then([]);
    scenario(cart)
      .given([tea])
      .when(add("mug"), confirm)
      .then([
        { type: "ItemAdded", data: { sku: "mug" } },
        { type: "CartConfirmed", data: { items: 2 } },
      ]);
    scenario(cart).given([tea, confirmed]).when(confirm).thenThrows();
    scenario(cart)
      .given([tea, confirmed])
      .when(confirm)
      .thenThrows(/is confirmed/);
    scenario(cart).given([tea, confirmed]).when(confirm).thenThrows(CartClosedError);
  });

  test("fails with what was decided, what was told and the difference, for any test runner", () => {
    const error = failure(() =>
      scenario(cart)
        .given([tea])
        .when(confirm)
        .then([{ type: "CartConfirmed", data: { items: 2 } }]),
    );
    if (!(error instanceof AssertionError)) throw error;
    expect(error.actual).toEqual([confirmed]);
    expect(error.expected).toEqual([{ type: "CartConfirmed", data: { items: 2 } }]);
    expect(error.message).toContain("{ kind: 'confirm' } led to other events.");
    expect(error.message).toMatch(/\+ +items: 1\n- +items: 2/);
    expect(error.message.match(/items: 2/g)).toHaveLength(1);
    expect(error.stack).toMatch(/scenario\.test\.ts/);
  });

  const differences = {
    "another type": [tea],
    "an event more": [confirmed, tea],
    "an event less": [],
  } satisfies Record<string, readonly CartEvent[]>;
  for (const [difference, told] of Object.entries(differences)) {
    test(`notices ${difference}`, () => {
      expect(failure(() => scenario(cart).given([tea]).when(confirm).then(told))).toBeInstanceOf(AssertionError);
    });
  }

  test("compares id, tags and metadata where they are told", () => {
    const tagged = { ...cart, decide: () => [{ ...tea, id: "0198c0de-0000-7000-8000-000000000000", tags: ["cart:1"], metadata: { actorId: "ada" } }] };
    const decision = scenario(tagged).given([]).when(confirm);
    decision.then([tea]);
    decision.then([{ ...tea, tags: ["cart:1"], metadata: { actorId: "ada" } }]);
    expect(failure(() => decision.then([{ ...tea, tags: ["cart:2"] }]))).toBeInstanceOf(AssertionError);
    expect(failure(() => decision.then([{ ...tea, metadata: {} }]))).toBeInstanceOf(AssertionError);
    expect(failure(() => decision.then([{ ...tea, id: "another" }]))).toBeInstanceOf(AssertionError);
  });

  test("fails when a command passes that was to be refused, and when it is refused otherwise", () => {
    const passes = scenario(cart).given([tea]).when(confirm);
    expect(failure(() => passes.thenThrows())).toMatchObject({
      code: "ERR_ASSERTION",
      message: expect.stringContaining("was not refused; it led to { type: 'CartConfirmed'"),
    });
    const refused = scenario(cart).given([confirmed]).when(confirm);
    expect(failure(() => refused.thenThrows(/is empty/))).toMatchObject({ code: "ERR_ASSERTION", message: expect.stringContaining("the cart is confirmed") });
    expect(failure(() => refused.thenThrows(TypeError))).toMatchObject({ code: "ERR_ASSERTION", cause: expect.any(CartClosedError) });
    expect(failure(() => refused.then([]))).toBeInstanceOf(CartClosedError);
  });

  test("refuses what a store would refuse", () => {
    const dated = { ...cart, decide: (): CartEvent[] => [{ type: "ItemAdded", data: Object.assign({ sku: "tea" }, { at: new Date(0) }) }] };
    expect(failure(() => scenario(dated).given([]).when(confirm).then([tea]))).toMatchObject({ code: "INVALID_ARGUMENT", path: "decided[0].data.at" });
    const optional = { ...cart, decide: (): CartEvent[] => [{ type: "ItemAdded", data: Object.assign({ sku: "tea" }, { note: undefined }) }] };
    scenario(optional).given([]).when(confirm).then([tea]);
  });

  test("of a decider that is asynchronous is awaited, and says so where it is not", async () => {
    await scenario(slow)
      .given([])
      .when(add("tea"), add("mug"))
      .thenAsync([tea, { type: "ItemAdded", data: { sku: "mug" } }]);
    await scenario(slow).given([confirmed]).when(confirm).thenThrowsAsync(CartClosedError);
    await expect(scenario(slow).given([]).when(add("tea")).thenAsync([])).rejects.toBeInstanceOf(AssertionError);
    await expect(scenario(slow).given([]).when(add("tea")).thenThrowsAsync()).rejects.toBeInstanceOf(AssertionError);
    const unawaited = { code: "INVALID_ARGUMENT", message: expect.stringContaining("thenAsync") };
    expect(failure(() => scenario(slow).given([]).when(add("tea")).then([tea]))).toMatchObject(unawaited);
    expect(failure(() => scenario(slow).given([confirmed]).when(confirm).thenThrows())).toMatchObject(unawaited);
  });

  test("that is awaited before it is told what to expect fails", async () => {
    const decision: unknown = scenario(cart).given([]).when(add("tea"));
    await expect((async () => await decision)()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
