import { expect, test as base } from "../store/test.ts";
import { fn } from "../support/functions.ts";

interface Answer {
  readonly renewed: readonly number[];
  readonly consumers: readonly { readonly name: string; readonly retryRequested: boolean }[];
}

/** A consumer "c" and a version of a process "p", of one shard each, which worker "w" holds. Of both, a retry was requested. `heartbeat`: of "w". */
const test = base.extend("held", async ({ store, sql, q }) => {
  expect(await store.highWaterMark()).toBe(0);
  await sql.query(`select ${q}.${fn("register_consumer")}('', 'c', 1, 0, '{}')`);
  await sql.query(`select ${q}.${fn("register_consumer")}('', 'p v1', 1, 0, '{}', 'process', 'p', 1)`);
  const { rows } = await sql.query<{ id: number }>(`select id from ${q}.consumer_shards order by id`);
  const ids = rows.map(({ id }) => id);
  for (const id of ids) await sql.query(`select ${q}.${fn("take_shard")}($1, 'w', 3600000)`, [id]);
  await sql.query(
    `insert into ${q}.dead_letters (consumer, position, stream_id, event_id, state, retry_requested) values ('c', 1, 1, gen_random_uuid(), 'failed', true)`,
  );
  await sql.query(
    `insert into ${q}.process_instances (process, version, instance, hash, state, state_version, retry_requested) values ('p', 1, 'i', 1, '{}', 1, true)`,
  );
  return {
    ids,
    async heartbeat(): Promise<Answer | undefined> {
      const { rows: answers } = await sql.query<{ answer: Answer }>(
        `select ${q}.${fn("renew_leases")}('', E'c\\x1fp v1', 'w', 3600000, $1::integer[], '{1,1}', '{live,live}', '[null,null]') as answer`,
        [ids],
      );
      return answers[0]?.answer;
    },
  };
});

const whileLocked: readonly (readonly [what: string, text: (q: string) => string, requested: readonly string[]])[] = [
  ["the dead letters are locked", (q) => `lock table ${q}.dead_letters in access exclusive mode`, ["p v1"]],
  ["the instances of processes are locked", (q) => `lock table ${q}.process_instances in access exclusive mode`, ["c"]],
  ["an index of these instances is built again", (q) => `reindex index ${q}.process_instances_retry_requested_idx`, ["c"]],
];

test.for(whileLocked)("leases are renewed while %s, and what was requested there is told afterwards", async ([, text, requested], { held, client, q }) => {
  const told = (answer: Answer | undefined): readonly string[] =>
    (answer?.consumers ?? []).filter(({ retryRequested }) => retryRequested).map(({ name }) => name);
  await client.query("begin");
  await client.query(text(q));
  const locked = await held.heartbeat();
  await client.query("commit");
  expect(new Set(locked?.renewed)).toEqual(new Set(held.ids));
  expect(told(locked)).toEqual(requested);
  expect(told(await held.heartbeat()).toSorted()).toEqual(["c", "p v1"]);
});
