import { type CommandMiddleware, executeCommand, handleCommand } from "../../src/index.ts";
import { expect, test } from "../support/test.ts";
import { add, cart, type CartCommand, type CartEvent, type CartState, confirm, interrupted } from "./cart.ts";

/** Knows no command in particular, so that it fits any. */
function recorder(name: string, log: string[]): CommandMiddleware {
  return {
    before: ({ streamId, attempt }) => void log.push(`${name} before ${streamId} ${attempt}`),
    after: ({ events, attempts }) => void log.push(`${name} after ${events.length} ${attempts}`),
  };
}

test("runs before each decision and once after all, the first outermost", async ({ store }) => {
  const log: string[] = [];
  const racing = interrupted((decision) => (decision === 1 ? store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "mug" } }]) : undefined));
  await handleCommand(store, racing, "cart-1", [add("tea")], { middleware: [recorder("a", log), recorder("b", log)] });
  expect(log).toEqual(["a before cart-1 1", "b before cart-1 1", "a before cart-1 2", "b before cart-1 2", "b after 1 2", "a after 1 2"]);
});

test("rejects a command: nothing is written, and what runs after commands does not run", async ({ store }) => {
  const log: string[] = [];
  const refused = new Error("not yours");
  const owner: CommandMiddleware<CartState, CartCommand> = {
    before: ({ command }) => {
      if (command.kind === "confirm") throw refused;
    },
  };
  const outcome = handleCommand(store, cart, "cart-1", [add("tea"), confirm], { middleware: [recorder("a", log), owner] });
  await expect(outcome).rejects.toBe(refused);
  expect(log).toEqual(["a before cart-1 1", "a before cart-1 1"]);
  expect((await store.streamInfo("cart-1")).exists).toBe(false);
});

test("skips a command by its state, and the others are decided", async ({ store }) => {
  const log: string[] = [];
  const small: CommandMiddleware<CartState, CartCommand, CartEvent> = {
    before: async ({ command, state }) => (command.kind === "add" && state.items.length >= 1 ? "skip" : undefined),
  };
  const { events } = await handleCommand(store, cart, "cart-1", [add("tea"), add("mug"), confirm], { middleware: [small, recorder("later", log)] });
  expect(events.map(({ type }) => type)).toEqual(["ItemAdded", "CartConfirmed"]);
  expect(log).toHaveLength(3);
});

test("ends what it began, and nothing that it did not: behind one that skips, or where a command is answered", async ({ store }) => {
  const log: string[] = [];
  const skipping: CommandMiddleware = { before: () => "skip", after: () => void log.push("skipping after") };
  const noting: CommandMiddleware = { after: ({ events }) => void log.push(`noting after ${events.length}`) };
  await handleCommand(store, cart, "cart-1", confirm, { middleware: [recorder("a", log), skipping, recorder("b", log), noting] });
  expect(log.splice(0)).toEqual(["a before cart-1 1", "noting after 0", "skipping after", "a after 0 1"]);
  const options = { commandId: "once", middleware: [recorder("a", log), noting] };
  await handleCommand(store, cart, "cart-1", confirm, options);
  expect(log.splice(0)).toEqual(["a before cart-1 1", "noting after 1", "a after 1 1"]);
  await handleCommand(store, cart, "cart-1", confirm, options);
  expect(log).toEqual(["noting after 1"]);
});

test("runs around commands over several streams, too, and sees what they did", async ({ store }) => {
  const log: string[] = [];
  const decider = {
    reads: ["cart-1"],
    initialState: () => 0,
    evolve: (count: number) => count + 1,
    decide: (command: CartCommand) =>
      command.kind === "confirm" ? [{ streamId: "cart-1", events: [{ type: "CartConfirmed", data: { items: 0 } } as const] }] : [],
  };
  expect(await executeCommand(store, decider, confirm, { middleware: [recorder("a", log)] })).toMatchObject({ state: 1 });
  expect(await executeCommand(store, decider, confirm, { middleware: [{ before: () => "skip" }] })).toMatchObject({ state: 1, events: [] });
  expect(log).toEqual(["a before undefined 1", "a after 1 1"]);
});

test("what is no middleware is refused", async ({ store }) => {
  // @ts-expect-error -- a misspelt key
  await expect(handleCommand(store, cart, "cart-1", confirm, { middleware: [{ befor: () => {} }] })).rejects.toMatchObject({
    path: "options.middleware[0].befor",
  });
});
