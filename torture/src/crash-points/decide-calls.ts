import { executeCommand } from "tidemark";
import { tagsOf } from "../history/content.ts";
import type { Condition } from "../history/entry.ts";
import { conditionOf, seen } from "../operations/append-on-condition.ts";
import { claimsOfCommands, performDecision, type Claim } from "../operations/decide-by-query.ts";
import { eventsOf, eventsWithoutIds, resultsOf, type Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";
import { idsOf } from "./command-ids.ts";

/** Enough that one in 388 is surely among them. */
const candidates = 8_000;

/** The tag of a case, which no other case has that may run at the same time. */
const tagOf = (category: string): string => `sku:${Number(category.replace("case", "")) % 97}`;

/** Ids whose events carry the case's tag, from one operation. */
function taggedIds(client: Client, category: string, count: number): string[] {
  return client
    .newIds(candidates)
    .filter((id) => tagsOf(id).includes(tagOf(category)))
    .slice(0, count);
}

/** A match is there that every decision has to see. */
async function match(client: Client, category: string, stream = `${category}-1`): Promise<void> {
  const part = { stream, expected: "any" as const, ids: taggedIds(client, category, 1) };
  await client.append({ kind: "append", how: "append to a stream", parts: [part] }, async () =>
    resultsOf([await client.store.appendToStream(part.stream, eventsOf(part))]),
  );
}

const queryOf = (category: string): Condition["query"] => [{ tags: [tagOf(category)] }];

async function appendOn(client: Client, category: string, ids: readonly string[], condition: Condition, own: "own" | "the store's"): Promise<void> {
  const { store, shared } = client;
  const part = { stream: `${category}-2`, expected: "any" as const, ids };
  await client.append({ kind: "append", how: "append on a condition", parts: [part], condition }, async () =>
    resultsOf([
      await store.append(own === "own" ? eventsOf(part) : eventsWithoutIds(shared, part), { streamId: part.stream, condition: conditionOf(condition) }),
    ]),
  );
}

/** Reads, and appends on the condition that nothing came between. Who cannot read does not decide. */
async function decide(client: Client, category: string, ids: readonly string[], own: "own" | "the store's" = "the store's"): Promise<void> {
  const condition = await seen(client.store, queryOf(category)).catch(() => undefined);
  if (condition) await appendOn(client, category, ids, condition, own);
}

/** By case: what its command has to write. */
const commands = new Map<string, Claim>();

/** Handled again it writes nothing, and answers as it did, or should have done, the first time. */
function carryOut(client: Client, category: string, again?: true): Promise<void> {
  const claim = commands.get(category);
  if (!claim) throw new Error(`${category} was not prepared.`);
  return performDecision(client, claim, { how: "command by query with an id", ...(again && { again }) }, { commandId: category });
}

export const decideCalls: readonly Call[] = [
  { name: "read a boundary and append on its condition", prepare: match, run: (client, category) => decide(client, category, taggedIds(client, category, 1)) },
  {
    name: "append with an id on a condition",
    prepare: match,
    run: (client, category) => decide(client, category, taggedIds(client, category, 1), "own"),
  },
  {
    name: "append on a condition that has failed",
    prepare: match,
    run: (client, category) => appendOn(client, category, taggedIds(client, category, 1), { query: queryOf(category), mark: 0, above: [] }, "the store's"),
  },
  {
    name: "append four times at once on one condition",
    prepare: match,
    async run(client, category) {
      const ids = taggedIds(client, category, 4);
      const condition = await seen(client.store, queryOf(category)).catch(() => undefined);
      if (condition) await Promise.all(ids.map((id) => appendOn(client, category, [id], condition, "the store's")));
    },
  },
  {
    name: "decide by query",
    prepare: match,
    run: (client, category) =>
      performDecision(
        client,
        { part: { stream: `${category}-2`, expected: "any", ids: taggedIds(client, category, 1) }, query: queryOf(category) },
        { how: "command by query" },
      ),
  },
  {
    name: "carry out a command by query that has an id",
    promise: "L7",
    async prepare(client, category) {
      await match(client, category);
      const stream = `${category}-2`;
      const query = queryOf(category);
      const probe: Claim = { part: { stream, expected: "any", ids: taggedIds(client, category, 1) }, query };
      const ids = await idsOf(client, async (tx) => (await executeCommand(tx, claimsOfCommands, probe, { commandId: category })).events);
      commands.set(category, { part: { stream, expected: "any", ids }, query });
    },
    run: (client, category) => carryOut(client, category),
    verify: (healthy, category) =>
      failure(async () => {
        const before = healthy.shared.written;
        await carryOut(healthy, category, true);
        return healthy.shared.written === before ? "handled again, the command failed" : undefined;
      }),
  },
];
