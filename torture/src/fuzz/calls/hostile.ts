import type { EventStore } from "tidemark";
import { type Call, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import { hostileValue } from "../values.ts";

type Method = (store: EventStore, values: readonly unknown[]) => unknown;

function method(name: Extract<keyof EventStore, string>): readonly [name: string, call: Method] {
  return [
    name,
    (store, values) => {
      const called: unknown = Reflect.get(store, name);
      return typeof called === "function" ? Reflect.apply(called, store, values) : undefined;
    },
  ];
}

/** Those that answer at once, with a promise, or as a sequence that is read here. */
const methods: readonly [readonly [string, Method], ...(readonly [string, Method])[]] = [
  method("appendToStream"),
  method("appendToStreams"),
  method("append"),
  method("readStream"),
  method("readAll"),
  method("readBoundary"),
  method("aggregateStream"),
  method("streamInfo"),
  method("streams"),
  method("eventById"),
  method("documents"),
  method("transaction"),
  method("withTransaction"),
  method("forTenant"),
  method("withMetadata"),
  method("createWorker"),
  method("schedule"),
  ["timers.list", (store, values) => Reflect.apply(store.timers.list, store.timers, values)],
  ["timers.cancel", (store, values) => Reflect.apply(store.timers.cancel, store.timers, values)],
  ["consumers.get", (store, values) => Reflect.apply(store.consumers.get, store.consumers, values)],
  ["consumers.reset", (store, values) => Reflect.apply(store.consumers.reset, store.consumers, values)],
  ["deadLetters.list", (store, values) => Reflect.apply(store.deadLetters.list, store.deadLetters, values)],
  ["projections.pause", (store, values) => Reflect.apply(store.projections.pause, store.projections, values)],
];

/** Calls a method with values that no type allows: it works all the same, or refuses by an error of the library's, at once or later. */
const hostile: Call = {
  name: "values that no type allows",
  async run({ store, random }) {
    const [name, call] = random.pick(methods);
    const values = Array.from({ length: random.between(0, 3) }, () => hostileValue(random));
    const outcome = await outcomeOf(async () => {
      const answer: unknown = await call(store, values);
      // A few events are enough: a sequence without a filter is the whole log.
      if (typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer) await firstOf(answer);
    });
    if (!("error" in outcome)) return undefined;
    const wrong = wrongError(outcome.error);
    return wrong === undefined ? undefined : `${name}(${values.map(describe).join(", ")}): ${wrong}`;
  },
};

async function firstOf(sequence: object): Promise<void> {
  const iterator: AsyncIterator<unknown> = Reflect.apply(Reflect.get(sequence, Symbol.asyncIterator), sequence, []);
  await iterator.next();
  await iterator.return?.();
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 20));
  if (typeof value === "object" && value !== null) return `${Object.prototype.toString.call(value)} ${Object.keys(value).join()}`;
  return String(value);
}

export const hostileCalls: readonly Call[] = [hostile, hostile];
