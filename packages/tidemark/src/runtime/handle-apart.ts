import type { Queryable } from "../database/database.ts";
import { type Delivery, firstOf, isNothing } from "./delivery.ts";
import type { TryFailure } from "./follower.ts";
import { CommitRefused, type HandlerTransaction } from "./handler-transaction.ts";
import type { HandlerTries } from "./handler-tries.ts";

const nothingWanted = new Error("what the handler wrote is not wanted any more");

/** See `ShardAccess.handleApart`. */
export async function handleApart(
  { tries, transaction }: { readonly tries: HandlerTries; readonly transaction: HandlerTransaction },
  given: Delivery,
  attempt: number,
  last: (queryable: Queryable) => Promise<boolean>,
): Promise<TryFailure | undefined> {
  // Nothing of other events is open here that could be committed behind this one's back.
  const tried = isNothing(given) ? undefined : await tries.try([given], attempt, async () => {});
  const failed = tried ?? (await commit(transaction, given, last));
  if (failed) await transaction.rollback();
  return failed;
}

async function commit(transaction: HandlerTransaction, given: Delivery, last: (queryable: Queryable) => Promise<boolean>): Promise<TryFailure | undefined> {
  try {
    await transaction.commitWith(async (queryable) => {
      if (!(await last(queryable))) throw nothingWanted;
    });
    return undefined;
  } catch (error) {
    if (error === nothingWanted) return undefined;
    if (error instanceof CommitRefused) return { error: error.cause, event: firstOf(given), undecodable: false };
    throw error;
  }
}
