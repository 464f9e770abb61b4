import { isTidemarkError, repository, type StoreTransaction, type TransactionClient } from "tidemark";
import { type Actor, type Call, OwnError, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import type { Model } from "../model.ts";
import { unprojectable } from "../projections.ts";
import type { Ending, Isolation } from "../target.ts";
import { commitTooSoon } from "./early-commit.ts";
import { append } from "./expectations.ts";
import { aggregateOf, changeAggregate } from "./repositories.ts";

/** A transaction of the caller's, as it is at some moment. */
interface Open {
  readonly actor: Actor;
  readonly client: TransactionClient;
  /** What will be there if it is committed now. */
  readonly draft: Model;
  readonly savepoints: { readonly name: string; readonly draft: Model }[];
}

type Step = (open: Open, tx: StoreTransaction) => Promise<string | undefined>;

/** The library's own names, too. */
const names = ["before", "event", "tidemark_append", "tidemark_handler"] as const;

const appendOne: Step = ({ actor, draft }, tx) => append({ ...actor, store: tx, model: draft }, actor.stream());

/** An append that a projection refuses undoes itself, and nothing else. */
const refused: Step = async ({ actor }, tx) => {
  const outcome = await outcomeOf(() => tx.appendToStream(actor.stream(), [{ type: unprojectable, data: {} }]));
  if ("value" in outcome) return "an event that has no document was appended";
  if (isTidemarkError(outcome.error, "SERIALIZATION_FAILURE")) throw outcome.error;
  return isTidemarkError(outcome.error, "PROJECTION_FAILED") ? undefined : String(wrongError(outcome.error) ?? outcome.error);
};

/** Two views of one client at once: what one of them is refused leaves what the other one wrote. */
const twoViews: Step = async (open, tx) => {
  const other = open.actor.store.withTransaction(open.client);
  const [first, second] = await Promise.all(open.actor.random.shuffle([() => appendOne(open, tx), () => refused(open, other)]).map((step) => step()));
  return first ?? second;
};

const read: Step = async ({ actor, draft }, tx) => {
  const streamId = actor.stream();
  const found = await tx.readStream<{ readonly type: string; readonly data: { readonly n: number } }>(streamId).toArray();
  const [numbers, wanted] = [
    found.map(({ data }) => data.n).join(),
    draft
      .events(streamId)
      .map(({ n }) => n)
      .join(),
  ];
  return numbers === wanted ? undefined : `inside of its transaction ${streamId} holds ${numbers}, not ${wanted}`;
};

const useAggregate: Step = async ({ actor, draft }, tx) => {
  const { type, id } = aggregateOf(actor, actor.stream());
  return changeAggregate({ ...actor, model: draft }, repository(tx, type), id);
};

const setSavepoint: Step = async ({ actor, client, draft, savepoints }) => {
  const name = actor.random.pick(names);
  await client.query(`savepoint ${name}`, []);
  savepoints.push({ name, draft: draft.fork() });
  return undefined;
};

/** The newest of its name counts. Going back to it leaves it there, releasing it does not; both end those that came after it. */
const endSavepoint: Step = async ({ actor, client, draft, savepoints }) => {
  const wanted = actor.random.pick(names);
  const at = savepoints.findLastIndex(({ name }) => name === wanted);
  const savepoint = savepoints[at];
  if (!savepoint) return undefined;
  const back = actor.random.chance(0.6);
  await client.query(`${back ? "rollback to" : "release"} savepoint ${savepoint.name}`, []);
  savepoints.splice(back ? at + 1 : at);
  if (back) draft.adopt(savepoint.draft);
  return undefined;
};

const steps = [appendOne, appendOne, appendOne, read, refused, twoViews, useAggregate, setSavepoint, setSavepoint, endSavepoint, endSavepoint] as const;

/** After what may serialize its callers: nothing is there, and all of it is to be done again. */
const isSerialization = (error: unknown): boolean =>
  isTidemarkError(error, "SERIALIZATION_FAILURE") || (error instanceof Error && "code" in error && error.code === "40001");

const ownTransaction: Call = {
  name: "withTransaction",
  async run(actor) {
    const { random, target, model, store } = actor;
    const isolation = random.pick<Isolation>(["read committed", "read committed", "repeatable read", "serializable"]);
    const ending = random.pick<Ending | "throw">(["commit", "commit", "commit", "rollback", "throw"]);
    const draft = model.fork();
    let wrong: string | undefined;
    const outcome = await outcomeOf(() =>
      target.inTransaction(isolation, async (client) => {
        const open: Open = { actor, client, draft, savepoints: [] };
        let tx = store.withTransaction(client);
        for (let left = random.between(1, 8); left > 0 && wrong === undefined; left--) {
          wrong = await random.pick(steps)(open, tx);
          if (random.chance(0.2)) tx = store.withTransaction(client);
        }
        if (ending === "throw") throw new OwnError("the caller threw");
        return ending;
      }),
    );
    store.wake();
    if (wrong !== undefined) return `${isolation}, ${ending}: ${wrong}`;
    if ("error" in outcome && isolation === "serializable" && isSerialization(outcome.error))
      return await differenceOf(actor, draft, "serializable, not serialized");
    if ("error" in outcome && !(ending === "throw" && outcome.error instanceof OwnError)) return `${isolation}, ${ending}: ${String(outcome.error)}`;
    if (ending === "commit") model.adopt(draft);
    return await differenceOf(actor, draft, `${isolation}, ${ending}`);
  },
};

/** Whether what is there now is what the model says, of all streams that the transaction wrote or wanted to. */
async function differenceOf({ store, model }: Actor, draft: Model, after: string): Promise<string | undefined> {
  for (const [streamId] of draft.streams.slice(-10)) {
    const { version } = await store.streamInfo(streamId);
    if (version !== model.version(streamId)) return `after ${after}: ${streamId} is at ${version}, and should be at ${model.version(streamId)}`;
  }
  return undefined;
}

export const ownTransactionCalls: readonly Call[] = [ownTransaction, ownTransaction, commitTooSoon];
