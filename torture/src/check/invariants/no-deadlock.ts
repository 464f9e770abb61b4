import type { Append } from "../operations.ts";
import { twoViews } from "../../operations/two-views.ts";
import type { Invariant } from "../invariant.ts";

export const noDeadlock: Invariant = {
  id: "L6",
  title: "No deadlock by the store's own locks",
  check({ final, histories }, { checked, anomaly }) {
    checked(histories.appends.length);
    const victims = histories.appends.filter(({ code }) => code.endsWith("40P01"));
    const own = victims.filter(ofCaller);
    const unexplained = final.deadlocks.filter((deadlock) => !amongCallers.test(deadlock));
    if (unexplained.length > own.length) {
      const told = unexplained.map((deadlock) => `\n${deadlock}`).join("");
      anomaly(`the server's log tells of ${unexplained.length} deadlocks without a caller's append, and ${own.length} callers were told of one:${told}`);
    }
    for (const { name } of victims.filter((victim) => !own.includes(victim))) anomaly(`${name} ended in a deadlock`);
  },
};

/**
 * What a caller's transaction waits with, in the log's list of the statements of a ring. The caller need not have been told: its connection
 * may have been cut while it waited, or its process killed.
 */
const amongCallers = /\tProcess \d+: .*\/\* tidemark_(enter_append_joined|append_joined(_versioned)?|lock_documents|publish_message) \*\//;

/**
 * Each append locks the documents of inline projections in one order, but two appends of one transaction follow their caller's, and
 * can close a ring. A batch of the store's own gives its locks up in 60 ms and goes again; a transaction of the caller's waits, and
 * may be ended, also where it has one append and stands in the ring of another: docs/guides/projections.md.
 */
function ofCaller({ call }: Append): boolean {
  return call.how.startsWith("transaction") || call.how === twoViews.name;
}
