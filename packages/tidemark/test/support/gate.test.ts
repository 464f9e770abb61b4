import { expect, test } from "./test.ts";
import { gate } from "./gate.ts";

test("a store closes after a test that failed while a handler waited for its gate", async ({ openStore }) => {
  const store = await openStore();
  const failure = new Error("the test fails");
  let handled: Promise<unknown> = Promise.resolve();
  async function failing(): Promise<void> {
    const entered = gate();
    using released = gate();
    handled = store.receive("m-1", async () => {
      entered.open();
      await released.opened;
    });
    await entered.opened;
    throw failure;
  }
  await expect(failing()).rejects.toBe(failure);
  await store.close();
  expect(await handled).toEqual({ handled: true, result: undefined });
});
