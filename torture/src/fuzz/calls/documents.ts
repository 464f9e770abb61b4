import type { Call } from "../call.ts";
import { inlineSummaries } from "../projections.ts";

/** An inline document is what its stream's events make, at every moment. */
const get: Call = {
  name: "documents.get",
  async run(actor) {
    const streamId = actor.stream();
    const wanted = actor.model.events(streamId);
    const found = await actor.store.documents(inlineSummaries).get(streamId);
    const [count, last] = [found?.count ?? 0, found?.last];
    return count === wanted.length && last === wanted.at(-1)?.n ? undefined : `document ${streamId} is ${JSON.stringify(found)} of ${wanted.length} events`;
  },
};

const find: Call = {
  name: "documents.find",
  async run({ store, model, random, streams }) {
    const least = random.between(0, 40);
    const where = { count: { gte: least }, _id: { in: streams() } };
    const documents = store.documents(inlineSummaries);
    const [found, counted] = [await documents.find({ where, orderBy: { count: "desc" } }), await documents.count({ where })];
    const wanted = model.streams.filter(([id, events]) => where._id.in.includes(id) && events.length >= least);
    if (found.length !== wanted.length || counted !== wanted.length) return `find gave ${found.length} and count ${counted} documents of ${wanted.length}`;
    return found.every(({ count }, index) => count <= (found[index - 1]?.count ?? Number.POSITIVE_INFINITY)) ? undefined : "documents are out of order";
  },
};

export const documentCalls: readonly Call[] = [get, find];
