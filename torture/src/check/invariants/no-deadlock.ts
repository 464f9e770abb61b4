import type { Append } from "../operations.ts";
import type { Invariant } from "../invariant.ts";

export const noDeadlock: Invariant = {
  id: "L6",
  title: "No deadlock by the store's own locks",
  check({ final, histories }, { checked, anomaly }) {
    checked(histories.appends.length);
    const victims = histories.appends.filter(({ code }) => code.endsWith("40P01"));
    const own = victims.filter(appendsInTurns);
    if (final.deadlocks > own.length)
      anomaly(`the server's log tells of ${final.deadlocks} deadlocks, ${own.length} of them by transactions that append twice`);
    for (const { name } of victims.filter((victim) => !own.includes(victim))) anomaly(`${name} ended in a deadlock`);
  },
};

/**
 * A transaction with several appends locks the documents of one after those of another, in an order that is its caller's: two of
 * them can wait for each other in a ring, as docs/guides/projections.md says.
 */
function appendsInTurns({ call }: Append): boolean {
  return call.how.startsWith("transaction") && call.parts.length > 1;
}
