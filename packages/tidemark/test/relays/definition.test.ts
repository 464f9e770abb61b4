import { cloudEvents, defineRelay } from "tidemark";
import { describe, expect, MemoryBroker, test } from "./test.ts";

const to = new MemoryBroker();

describe("defineRelay refuses", () => {
  const mistakes: readonly (readonly [string, object | undefined, string])[] = [
    ["nothing at all", undefined, "definition is missing"],
    ["no name", { to }, "definition.name is missing"],
    ["no sink", { name: "out" }, "definition.to is missing"],
    ["something else for a sink", { name: "out", to: { name: "x" } }, "definition.to must be a sink, such as rabbitmq({ url })"],
    ["an option that it does not know", { name: "out", to, batchsize: 1 }, 'did you mean "batchSize"?'],
    ["a number out of range", { name: "out", to, inFlight: 0 }, "definition.inFlight must be"],
    ["no time at all for map", { name: "out", to, mapTimeoutMs: 0 }, "definition.mapTimeoutMs must be"],
    ["a name with control characters", { name: "a\u0001", to }, "definition.name holds the control character"],
    ["a circuit breaker that is none", { name: "out", to, circuitBreaker: true }, "definition.circuitBreaker must be"],
  ];
  for (const [what, definition, message] of mistakes)
    test(what, () => {
      expect(() => Reflect.apply(defineRelay, undefined, [definition])).toThrow(message);
    });

  test("a source of CloudEvents that is no URI reference", () => {
    expect(() => cloudEvents({ source: "a b" })).toThrow("options.source must be a URI or a relative reference");
    expect(() => Reflect.apply(cloudEvents, undefined, [{ source: 1 }])).toThrow("options.source must be a URI reference, not 1");
  });
});

test("a worker refuses the same relay twice, and what is none", ({ store }) => {
  const relay = defineRelay({ name: "out", to });
  expect(() => store.createWorker({ relays: [relay, relay] })).toThrow('definition.relays holds "out" twice');
  expect(() => store.createWorker({ relays: [{ name: "out", kind: "relay" }] })).toThrow("definition.relays[0] must be what defineRelay returns");
});
