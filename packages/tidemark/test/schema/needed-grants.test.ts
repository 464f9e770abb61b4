import pg from "pg";
import type { EventStore } from "tidemark";
import { documentedGrants } from "./documented-grants.ts";
import { expect, letter, refused, test } from "./used-store.ts";

const pauseCounts = (store: EventStore): Promise<unknown> => store.projections.pause("counts");
const pauseTotals = (store: EventStore): Promise<unknown> => store.projections.pause("totals");
const reset = (store: EventStore): Promise<unknown> => store.consumers.reset("mailer", { after: 0 });
const rename = (store: EventStore): Promise<unknown> => store.consumers.rename("mailer", "posting");
const discard = async (store: EventStore): Promise<unknown> => store.deadLetters.discard(await letter(store));
const getInstance = (store: EventStore): Promise<unknown> => store.processes.get("checkout", "cart-1");
const retryInstance = (store: EventStore): Promise<unknown> => store.processes.retry("checkout", "cart-1");
const cancelInstance = (store: EventStore): Promise<unknown> => store.processes.cancel("checkout", "cart-1");
const cleanUp = (store: EventStore): Promise<unknown> => store.outbox.cleanUp({ keepMs: 0 });
const record = (store: EventStore): Promise<{ readonly id: string }> => store.audit.record({ action: "look", subject: "consumer mailer" });

/** What each right of an operator is for: a call that PostgreSQL refuses without it, so that it changes nothing. `recorded` is the id of an entry of the audit. */
const uses: Readonly<Record<string, (store: EventStore, recorded: string) => Promise<unknown>>> = {
  "select consumers": (store) => store.consumers.list(),
  "update consumers": (store) => store.consumers.pause("mailer"),
  "delete consumers": (store) => store.consumers.delete("mailer"),
  "select consumer_shards": (store) => store.consumers.list(),
  "insert consumer_shards": reset,
  "update consumer_shards": reset,
  "delete consumer_shards": reset,
  "select consumer_leases": (store) => store.consumers.list(),
  "insert consumer_leases": reset,
  "update consumer_leases": reset,
  "select consumer_workers": rename,
  "delete consumer_workers": rename,
  "select dead_letters": (store) => store.deadLetters.list(),
  "update (retry_requested) dead_letters": async (store) => store.deadLetters.retry(await letter(store)),
  "delete dead_letters": discard,
  "select dead_letter_history": (store) => store.deadLetters.history(),
  "insert dead_letter_history": discard,
  "delete dead_letter_history": discard,
  "select process_instances": (store) => store.processes.list(),
  "update (status) process_instances": cancelInstance,
  "update (parked) process_instances": retryInstance,
  "update (error) process_instances": retryInstance,
  "update (retry_requested) process_instances": retryInstance,
  "update (updated_at) process_instances": retryInstance,
  "update (ended_at) process_instances": cancelInstance,
  "select process_inputs": getInstance,
  "select process_commands": getInstance,
  "update (status) process_commands": retryInstance,
  "update (attempts) process_commands": retryInstance,
  "update (due_at) process_commands": retryInstance,
  "update (settled_at) process_commands": cancelInstance,
  "select process_versions": (store) => store.processes.versions(),
  "select projections": (store) => store.projections.list(),
  "update (state) projections": pauseCounts,
  "update (changed_at) projections": pauseCounts,
  "select projection_builds": (store) => store.projections.list(),
  "select projection_epoch": pauseTotals,
  "update projection_epoch": pauseTotals,
  "select snapshots": (store) => store.snapshots.list(),
  "select timers": (store) => store.timers.list(),
  "delete timers": (store) => store.timers.cancel("k"),
  "select outbox": (store) => store.outbox.list(),
  "update (published_at) outbox": cleanUp,
  "delete outbox": cleanUp,
  "select audit_entries": (store) => store.audit.list(),
  "insert audit_entries": record,
  "update (state) audit_entries": (store, recorded) => store.audit.settle(recorded),
  "update (error) audit_entries": (store, recorded) => store.audit.settle(recorded),
  "update (settled_at) audit_entries": (store, recorded) => store.audit.settle(recorded),
};

test("nothing can be taken from an operator that no call needs", async ({ openAs, used, prefix, schema, sql }) => {
  expect(used).not.toBe("");
  const store = await openAs("operator");
  const { id: recorded } = await record(store);
  const grants = documentedGrants("operator", schema).map((grant) => ({ ...grant, use: `${grant.privilege} ${grant.object.replace(/.*\./s, "")}` }));
  expect(grants.map(({ use }) => use).toSorted()).toEqual(Object.keys(uses).toSorted());
  const needless: string[] = [];
  for (const { use, privilege, object } of grants) {
    await sql.query(`revoke ${privilege} on ${object} from ${pg.escapeIdentifier(`${prefix}_operator`)}`);
    const error: unknown = await uses[use]?.(store, recorded).then(
      () => needless.push(use),
      (failure: unknown) => failure,
    );
    if (error instanceof Error) expect(error, use).toMatchObject(refused);
    await sql.query(`grant ${privilege} on ${object} to ${pg.escapeIdentifier(`${prefix}_operator`)}`);
  }
  expect(needless).toEqual([]);
});
