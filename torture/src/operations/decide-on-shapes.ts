import { contentOf } from "../history/content.ts";
import type { Condition, Part } from "../history/entry.ts";
import { shortId } from "../history/short-id.ts";
import { readingOf } from "../shapes/code.ts";
import { storedTypesOf } from "../shapes/shapes.ts";
import { eventsOf, eventsWithoutIds, resultsOf } from "../worker/client.ts";
import { hotTagsNow, noDecision } from "./append-on-condition.ts";
import { chooseShapeStream } from "./append-shapes.ts";
import type { Operation } from "./operation.ts";

/**
 * One seat that code of both versions decides about, each by the names it has for what it looks for: today's code knows crates as the lines in
 * them. The history keeps under which types the events are stored, so that the checker sees what the decision should have seen.
 */
export const decideOnShapes: Operation = {
  name: "decide on shapes",
  weight: 8,
  async run({ random, store, shared, newShapeIds, append }) {
    const stream = chooseShapeStream(random);
    const hot = hotTagsNow();
    const stored = storedTypesOf(random.pick([["LineAdded"], ["OrderPlaced"]]), "today");
    const id = newShapeIds(1_000).find((candidate) => {
      const { type, tags } = contentOf(candidate);
      return stored.includes(type) && tags.some((tag) => hot.includes(tag));
    });
    if (id === undefined) return;
    const { tags } = contentOf(id);
    const { code } = shared.orders;
    const types = readingOf(code) === "today" ? stored.slice(0, 1) : stored;
    const query = [{ types, tags }];
    const reading = await store.readBoundary(query).catch(noDecision);
    if (!reading) return;
    const { events, boundary } = reading;
    // All matches become events, so that none of them counts without being here.
    const matches = new Map(events.map((event) => [event.id, event.position]));
    const above = [...matches].filter(([, position]) => position > boundary.mark).map(([match]) => shortId(match));
    const condition: Condition = { query: [{ types: stored, tags }], mark: boundary.mark, below: matches.size - above.length, above };
    const part: Part = { stream, expected: "any", ids: [id] };
    const ownIds = random.chance(0.3);
    await append({ kind: "append", how: this.name, parts: [part], condition }, async () =>
      resultsOf([await store.append(ownIds ? eventsOf(part) : eventsWithoutIds(shared, part), { streamId: stream, condition: { query, after: boundary } })]),
    );
  },
};
