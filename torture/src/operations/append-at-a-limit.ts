import type { EventStore } from "tidemark";
import type { Part } from "../history/entry.ts";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { chooseStream } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

type Events = Parameters<EventStore["appendToStreams"]>[0][number]["events"];
type Spoil = (part: Part, events: Events) => { readonly stream: string; readonly events: Events };

const spoilData =
  (data: unknown): Spoil =>
  ({ stream }, events) => ({ stream, events: events.map((event) => Object.assign({}, event, { data })) });

const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) });
const longName = (stream: string, bytes: number): string => stream.padEnd(bytes, "x");
const empty = { type: "ItemAdded", data: {} };

/** What no append may hold, by name. */
const misfits: readonly [readonly [string, Spoil], ...(readonly [string, Spoil])[]] = [
  ["a stream id of 513 bytes", ({ stream }, events) => ({ stream: longName(stream, 513), events })],
  ["half a character in a stream id", ({ stream }, events) => ({ stream: `${stream}\ud83c`, events })],
  ["an event of more than a mebibyte", spoilData({ text: "x".repeat(1_048_576) })],
  ["data of 513 levels", spoilData(nested(513))],
  ["a NUL in data", spoilData({ text: "\0" })],
  ["10,001 events", ({ stream }) => ({ stream, events: Array.from({ length: 10_001 }, () => empty) })],
];

/** An append that is as large as one may be, and one that is a little larger, side by side: the first is written, the other is refused before it is sent. */
export const appendAtALimit: Operation = {
  name: "append at a limit",
  weight: 1,
  async run({ random, store, newIds, append }) {
    const ids = newIds(random.chance(0.02) ? 10_000 : random.between(1, 3));
    const fitting: Part = { stream: longName(chooseStream(random), 512), expected: "any", ids };
    const [misfit, spoil] = random.pick(misfits);
    const fits = append({ kind: "append", how: this.name, parts: [fitting] }, async () =>
      resultsOf([await store.appendToStream(fitting.stream, eventsOf(fitting))]),
    );
    const unfit: Part = { stream: chooseStream(random), expected: "any", ids: newIds(1) };
    await append({ kind: "append", how: "append beyond a limit", parts: [unfit], misfit }, async () => {
      const { stream, events } = spoil(unfit, eventsOf(unfit));
      return resultsOf([await store.appendToStream(stream, events)]);
    });
    await fits;
  },
};
