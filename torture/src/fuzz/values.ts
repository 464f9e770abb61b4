import type { Random } from "../random.ts";
import { OwnError } from "./call.ts";

class Surprise {
  readonly inside = 1;
}

function cyclic(): object {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}

function throwing(): object {
  return {
    get type(): string {
      throw new OwnError("a getter threw");
    },
  };
}

/** Values that callers of JavaScript pass where they should not. */
export function hostileValue(random: Random): unknown {
  const make = random.pick<() => unknown>([
    () => undefined,
    () => null,
    () => true,
    () => 0,
    () => -0,
    () => -1,
    () => 1.5,
    () => Number.NaN,
    () => Number.POSITIVE_INFINITY,
    () => Number.MAX_SAFE_INTEGER,
    () => 2 ** 53,
    () => 10n,
    () => Symbol("s"),
    () => () => 1,
    () => "",
    () => "a\u0000b",
    () => "\ud800",
    () => "\u001e",
    () => "x".repeat(600),
    () => "__proto__",
    () => "'; drop table events; --",
    () => [],
    () => [undefined],
    () => Array.from({ length: 2 }),
    () => [[[]]],
    () => ({}),
    () => Object.create(null),
    () => new Map([["a", 1]]),
    () => new Date(Number.NaN),
    () => new Surprise(),
    () => Promise.resolve(1),
    cyclic,
    throwing,
    () => ({ type: "ItemAdded" }),
    () => [{ type: "ItemAdded", data: cyclic() }],
    () => [{ type: "ItemAdded", data: { when: new Date(), big: 1n } }],
    () => [{ type: 7, data: {} }],
    () => ({ signal: 1 }),
    () => ({ expectedVersion: -3 }),
    () => ({ expectedVerison: 1 }),
    () => ({ after: -1, limit: 0 }),
    () => ({ filter: { types: "ItemAdded" } }),
  ]);
  return make();
}
