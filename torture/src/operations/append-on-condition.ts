import { isTidemarkError, type Boundary, type EventStore } from "tidemark";
import { contentOf, types } from "../history/content.ts";
import { shortId } from "../history/short-id.ts";
import type { Condition } from "../history/entry.ts";
import { now } from "../history/write.ts";
import { eventsOf, eventsWithoutIds, resultsOf } from "../worker/client.ts";
import { chooseStream } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** Tags that decisions are about for a while, so that they meet, and so that none has to read all that ever carried it. */
const hotTags = 4;
const hotMicroseconds = 15_000_000;

export function hotTagsNow(): readonly string[] {
  const first = Math.floor(now() / hotMicroseconds) * hotTags;
  return Array.from({ length: hotTags }, (_, n) => `sku:${(first + n) % 97}`);
}

/** What the API takes for what a history says of a condition. */
export function conditionOf({ query, mark, above }: Condition): { readonly query: Condition["query"]; readonly after: Boundary } {
  return { query, after: { mark, above: above.length } };
}

/** Reads what matches, and appends an event that matches too, as if there was one seat for it: whoever came between fails it. */
export const appendOnCondition: Operation = {
  name: "append on a condition",
  weight: 10,
  async run({ random, store, shared, newIds, append }) {
    const stream = chooseStream(random);
    const hot = hotTagsNow();
    const ids = newIds(1_000);
    const id = ids.find((candidate) => contentOf(candidate).tags.some((tag) => hot.includes(tag))) ?? ids[0] ?? "";
    const { type, tags } = contentOf(id);
    const tag = tags[0] ?? random.pick(["sku:0", ...hot]);
    const chance = random.next();
    const reading =
      chance < 0.04
        ? store.highWaterMark().then((mark): Condition => ({ query: [{ types: [random.pick(types)] }], mark, above: [] }))
        : seen(
            store,
            chance < 0.6
              ? [{ tags: [tag] }]
              : chance < 0.85
                ? [{ types: [type], tags: [tag] }]
                : [{ tags: [tag] }, { types: [type], tags: [random.pick(["sku:0", ...hot])] }],
          );
    const condition = await reading.catch(noDecision);
    if (!condition) return;
    const part = { stream, expected: "any" as const, ids: [id] };
    const ownIds = random.chance(0.3);
    await append({ kind: "append", how: this.name, parts: [part], condition }, async () =>
      resultsOf([await store.append(ownIds ? eventsOf(part) : eventsWithoutIds(shared, part), { streamId: stream, condition: conditionOf(condition) })]),
    );
  },
};

/** What the decision has seen, as a history needs it: how many up to the mark, and which above it. */
export async function seen(store: EventStore, query: Condition["query"]): Promise<Condition> {
  // As they are stored: to some code one is two.
  const { events, boundary } = await store.readBoundary(query, { raw: true });
  const above = events.filter(({ position }) => position > boundary.mark).map(({ id }) => shortId(id));
  return { query, mark: boundary.mark, below: events.length - above.length, above };
}

/** Who cannot read does not decide. */
export function noDecision(error: unknown): undefined {
  if (!isTidemarkError(error)) throw error;
}
