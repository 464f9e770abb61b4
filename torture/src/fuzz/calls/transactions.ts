import { isTidemarkError, type StoreTransaction } from "tidemark";
import { type Actor, type Call, newEvents, OwnError, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";

/** How a callback ends, or fails to. */
const endings = [
  "returns",
  "returns",
  "throws",
  "forgets an await",
  "says ROLLBACK",
  "says COMMIT",
  "breaks its statement",
  "closes the store",
  "re-enters",
] as const;
type Ending = (typeof endings)[number];

async function end(ending: Ending, tx: StoreTransaction, actor: Actor): Promise<void> {
  if (ending === "throws") throw new OwnError("the callback threw");
  if (ending === "says ROLLBACK") await tx.query("rollback");
  if (ending === "says COMMIT") await tx.query("commit");
  if (ending === "breaks its statement") await tx.query("select 1/0").catch(() => undefined);
  if (ending === "closes the store") {
    const closed = await outcomeOf(() => actor.store.close());
    if ("value" in closed) throw new Error("The store was closed inside of its own transaction.");
  }
}

/** Appends beside the transaction: at once on a connection of its own; where there is only one, it is refused. */
async function reEnter({ name, store, model, events, target }: Actor): Promise<void> {
  const [other, beside] = [`${name}beside-1`, events(1)];
  const outcome = await outcomeOf(() => store.appendToStream(other, newEvents(beside)));
  if ("value" in outcome) model.append(other, beside);
  if ("value" in outcome === target.embedded) throw new Error(`An append beside its transaction came to ${JSON.stringify(outcome)}.`);
  if ("error" in outcome && !(target.embedded && isTidemarkError(outcome.error, "INVALID_ARGUMENT"))) throw outcome.error;
}

const transaction: Call = {
  name: "transaction",
  async run(actor) {
    const { store, model, random } = actor;
    const ending = random.pick(endings);
    const streamId = actor.stream();
    const events = actor.events(3);
    let forgotten: Promise<unknown> = Promise.resolve();
    const outcome = await outcomeOf(() =>
      store.transaction(async (tx) => {
        const appending = tx.appendToStream(streamId, newEvents(events));
        if (ending === "forgets an await") {
          forgotten = outcomeOf(() => appending);
          return;
        }
        await appending;
        if (ending === "re-enters") await reEnter(actor);
        await end(ending, tx, actor);
      }),
    );
    await forgotten;
    const there = (await store.streamInfo(streamId)).version - model.version(streamId);
    if ("value" in outcome) {
      model.append(streamId, events);
      if (there !== events.length) return `a transaction whose callback ${ending} succeeded with ${there} of ${events.length} events`;
      return ending === "returns" || ending === "re-enters" || ending === "forgets an await" || ending === "closes the store"
        ? undefined
        : `a transaction whose callback ${ending} succeeded`;
    }
    if (there !== 0) return `a transaction whose callback ${ending} failed and left ${there} events: ${String(outcome.error)}`;
    if (ending === "returns" || ending === "re-enters") return `a transaction failed: ${String(wrongError(outcome.error) ?? outcome.error)}`;
    return ending === "breaks its statement" || ending === "says COMMIT" ? undefined : wrongError(outcome.error);
  },
};

export const transactionCalls: readonly Call[] = [transaction];
