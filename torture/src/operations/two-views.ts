import type { AppendResult, EventStore } from "tidemark";
import type { Part } from "../history/entry.ts";
import { unprojectable } from "../project/projections.ts";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";
import { commitOwn, ownFailure, withOwnClient } from "./own-client.ts";

/** Stores whose inline projections appends were seen to write. Nothing in a run leaves them behind again. */
const refusing = new WeakSet<EventStore>();

/**
 * Until it is live, an inline projection refuses nothing: an event that it cannot take would be written, and stop its follower for
 * good. On a busy machine a run begins before that.
 */
async function refuses(store: EventStore): Promise<boolean> {
  if (refusing.has(store)) return true;
  const projections = await store.projections.list().catch(() => []);
  const inline = projections.filter(({ mode }) => mode === "inline");
  if (inline.length === 0 || inline.some(({ state }) => state !== "live")) return false;
  refusing.add(store);
  return true;
}

/** Two views of one client append at once, one of them in vain; its error is caught, and the rest is committed. */
export const twoViews: Operation = {
  name: "two views of one client",
  weight: 3,
  async run({ random, store, shared, newIds, append }) {
    if (!(await refuses(store))) return;
    const [stream = "", other = stream] = chooseStreams(random, 2);
    const [id = "", inVain = ""] = newIds(2);
    const part: Part = { stream, expected: "any", ids: [id] };
    const refused: Part = { stream: other, expected: "any", ids: [inVain] };
    const [firstInVain, statements] = [random.chance(0.5), random.between(0, 6)];
    const ended = Promise.withResolvers<unknown>();
    const work = (): Promise<AppendResult> =>
      withOwnClient(shared.orders.url, async (client) => {
        await client.query("begin");
        const [one, two] = [store.withTransaction(client), store.withTransaction(client)];
        const fail = () => two.appendToStream(refused.stream, [{ type: "ItemAdded", data: { [unprojectable]: true }, id: inVain }]);
        const before = firstInVain ? fail() : undefined;
        before?.catch(() => undefined);
        const result = one.appendToStream(part.stream, eventsOf(part));
        result.catch(() => undefined);
        // Each append is several statements: the other one's begin after any of them.
        for (let n = 0; n < statements; n++) await client.query("select 1");
        const unheeded = before ?? fail();
        unheeded.then(ended.resolve, ended.reject);
        await Promise.allSettled([result, unheeded, one.query("select 1")]);
        const appended = await result;
        await commitOwn(client);
        return appended;
      }).finally(() => ended.resolve(undefined));
    const kept = append({ kind: "append", how: this.name, parts: [part] }, async () => resultsOf([await work()]), ownFailure);
    const lost = append(
      { kind: "append", how: this.name, parts: [refused] },
      async () => {
        await ended.promise;
        throw new Error("it was never refused");
      },
      ownFailure,
    );
    await Promise.all([kept, lost]);
  },
};
