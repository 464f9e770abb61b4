import { randomFrom } from "../random.ts";
import type { Actor } from "./call.ts";
import { eventTypes, Model, type ModelEvent } from "./model.ts";
import type { Target } from "./target.ts";

/** How many calls of a caller use the same streams. */
const callsOfStreams = 500;
/** How many calls of all callers use the same tags. */
const callsOfTags = 2_000;

export interface Place {
  /** Of the run: a caller draws the same with the same seed. */
  readonly seed: number;
  /** Which caller, from 0; and of how many. */
  readonly index: number;
  readonly of: number;
  /** How many calls all have made. */
  readonly made: () => number;
}

export function createActor(target: Target, { seed, index, of, made }: Place): Actor {
  const name = `caller${index}`;
  const random = randomFrom(seed, name);
  let n = 0;
  let chosen = 0;
  const event = (): ModelEvent => ({ type: random.pick(eventTypes), n: ++n * of + index });
  const stream = (number: number): string => `${name}-${Math.floor(chosen / callsOfStreams)}-${number}`;
  const tag = (whose: string): string => `${whose}:${Math.floor(made() / callsOfTags)}-${random.between(1, 3)}`;
  return {
    name,
    target,
    store: target.store,
    random,
    model: new Model(),
    copied: new Model(),
    stream() {
      chosen++;
      return stream(random.between(1, 8));
    },
    streams: () => Array.from({ length: 8 }, (_, place) => stream(place + 1)),
    sharedTag: () => tag("shared"),
    ownTag: () => tag(name),
    events: (most = 1) => Array.from({ length: random.between(1, most) }, event),
  };
}
