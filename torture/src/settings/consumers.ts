import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type Consumer, defineConsumer } from "tidemark";
import { schema, type Script } from "./step.ts";

const table = `${pg.escapeIdentifier(schema)}.effects`;
/** What is not done by then shows in the answer. */
const patienceMs = 30_000;

/** Its effects are rows; one event is poison until it is healed. */
function recorderOf(isHealed: () => boolean): Consumer {
  return defineConsumer({
    name: "recorder's \\",
    filter: [{ categories: ["many"] }, { tags: ["tag\\"] }],
    shards: 2,
    retry: { attempts: 2, minDelayMs: 1 },
    async handle({ id, streamId, version, recordedAt }, context) {
      await context.query(`insert into ${table} values ($1, $2, $3)`, [id, streamId, version]);
      if (streamId === "many-3" && version === 1 && !isHealed()) throw new Error(`poison \\ ${recordedAt.getTime()}`);
    },
  });
}

/** A consumer to its end, with letters; what can be done about both; and a pause, in which idle sessions may end. */
export async function consumersAndLetters({ store, awayMs, step }: Script): Promise<void> {
  let healed = false;
  const recorder = recorderOf(() => healed);
  const consume = async (isDone: () => Promise<boolean> = async () => true): Promise<unknown> => {
    const worker = store.createWorker({ consumers: [recorder], projections: [], leaseMs: 60_000 });
    await worker.start();
    await worker.caughtUp();
    const deadline = performance.now() + patienceMs;
    while (!(await isDone()) && performance.now() < deadline) await delay(5);
    await worker.stop();
    const { rows } = await store.query<{ line: string }>(`select format('%s %s %s', id, stream, version) as line from ${table}`);
    return rows.map(({ line }) => line).sort();
  };
  const letters = async (): Promise<unknown> =>
    (await store.deadLetters.list()).map(({ consumer, eventId, state, attempts, error }) => [consumer, eventId, state, attempts, error?.code, error?.message]);

  await step("consume", async () => {
    // A transaction of the store's may write, whatever the role's default is; `store.query` follows it.
    await store.transaction((tx) => tx.query(`create table ${table} (id uuid primary key, stream text not null, version bigint not null)`));
    return [await consume(), await letters()];
  });
  await step("be away", () => delay(awayMs));
  await step("try a letter again", async () => {
    healed = true;
    const [letter] = await store.deadLetters.list({ state: "failed" });
    if (letter) await store.deadLetters.retry(letter);
    return consume(async () => (await store.deadLetters.list()).length === 0);
  });
  await step("administer a consumer", async () => {
    const { name } = recorder;
    await store.consumers.pause(name);
    const { paused } = await store.consumers.get(name);
    await store.consumers.resume(name);
    await store.consumers.rename(name, "another \\");
    await store.consumers.reset("another \\", { after: 0 });
    const info = await store.consumers.get("another \\");
    return [paused, info.paused, info.filter, info.deadLetters, info.shards.map(({ position }) => position)];
  });
}
