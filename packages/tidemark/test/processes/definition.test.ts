import { defineEvents, defineProcess, event, type Event, type Process, type ProcessDefinition } from "tidemark";
import { refusal } from "../arguments/refusal.ts";
import { ordering } from "./order.ts";
import { describe, expect, test } from "./test.ts";

const whole: ProcessDefinition<number, Event> = {
  name: "counting",
  handles: ["Counted"],
  instanceId: () => "all",
  initialState: () => 0,
  evolve: (count) => count + 1,
  react: () => [],
};

describe("the definition of a process", () => {
  test.for<[string, object, string]>([
    ["no name", { name: undefined }, "definition.name is missing"],
    ["a name that is too long", { name: "x".repeat(129) }, "definition.name is 129 bytes"],
    ["no types", { handles: [] }, "definition.handles is empty; name the types of the process's inputs"],
    ["no instanceId", { instanceId: undefined }, "definition.instanceId is missing"],
    ["no initialState", { initialState: undefined }, "definition.initialState is missing"],
    ["no evolve", { evolve: undefined }, "definition.evolve is missing"],
    ["no react", { react: undefined }, "definition.react is missing"],
    ["an option that it does not know", { handle: ["Counted"] }, 'definition.handle is not an option; did you mean "handles"?'],
    ["a filter that leaves nothing", { filter: { types: ["Other"] } }, "definition.filter matches none of the types in handles"],
    ["a type that its catalogue does not have", { events: defineEvents({ Other: event() }) }, 'definition.handles names "Counted"'],
    ["version 0", { version: 0 }, "definition.version must be a whole number from 1"],
    ["a stateVersion between two", { stateVersion: 1.5 }, "definition.stateVersion must be a whole number from 1"],
    ["too many shards", { shards: 257 }, "definition.shards must be a whole number from 1 to 256"],
    ["an end that is kept for a moment", { keepEndedMs: 1 }, "definition.keepEndedMs must be a whole number from 3600000"],
    ["a batch of none", { batchSize: 0 }, "definition.batchSize must be a whole number from 1 to 10000"],
    ["a factor below 1", { retry: { factor: 0.5 } }, "definition.retry.factor must be a number from 1 to 100"],
  ])("with %s is refused", ([, part, message]) => {
    expect(refusal(() => defineProcess({ ...whole, ...part })).message).toContain(message);
  });

  test("is known by its name, once in a worker", async ({ store }) => {
    const counting = defineProcess(whole);
    expect({ ...counting, settings: undefined }).toEqual({ kind: "process", name: "counting", version: 1, settings: undefined });
    expect(() => store.createWorker({ processes: [counting, defineProcess(whole)] })).toThrow('definition.processes holds "counting" twice, each as version 1');
    expect(() => store.createWorker({ processes: [counting, defineProcess({ ...whole, version: 2 })] })).not.toThrow();
    const other: Process = { kind: "process", name: "other", version: 1 };
    expect(() => store.createWorker({ processes: [other] })).toThrow("definition.processes[0] must be what defineProcess returns");
  });

  test("with a filter still lets its own timers' events through", ({ store }) => {
    expect(() => store.createWorker({ processes: [ordering(() => [], { filter: { categories: ["order"] } })] })).not.toThrow();
  });
});
