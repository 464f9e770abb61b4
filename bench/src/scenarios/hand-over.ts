import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { defineConsumer, openEventStore } from "tidemark";
import type { Sample } from "../sample.ts";
import type { Contestant, Scenario, Setting } from "../scenario.ts";
import { startEmmettProcessor } from "../subjects/emmett-consumer.ts";
import { openEmmett } from "../subjects/emmett.ts";
import type { Subject } from "../subjects/subject.ts";
import { openTidemark } from "../subjects/tidemark.ts";

/** Hears of the next event that a handler gets. */
class Arrivals {
  #next = Promise.withResolvers<void>();
  readonly seen = (): void => this.#next.resolve();

  async after(act: () => Promise<unknown>): Promise<void> {
    this.#next = Promise.withResolvers<void>();
    await act();
    await this.#next.promise;
  }
}

/** An append now and then, and the time until the handler has its event. The rate is of calls by the time they took. */
async function handOvers(seconds: number, append: () => Promise<unknown>, arrivals: Arrivals): Promise<Sample> {
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    await pause(10 + Math.random() * 90);
    const before = performance.now();
    await arrivals.after(append);
    latencies.push(performance.now() - before);
  }
  return { events: latencies.length, seconds: latencies.reduce((sum, each) => sum + each, 0) / 1_000, latencies };
}

const appendOne = (subject: Subject) => () => subject.append(`cart-${randomUUID()}`, 1, true);

/** A worker in a store of its own, as another process has it, or in the store that appends. */
async function tidemark(setting: Setting, name: string, apart: boolean, url: string): Promise<Contestant> {
  const subject = await openTidemark(url);
  setting.cleanup.defer(() => subject.close());
  const store = apart ? await openEventStore(url) : subject.store;
  if (apart) setting.cleanup.defer(() => store.close());
  const arrivals = new Arrivals();
  const worker = store.createWorker({ consumers: [defineConsumer({ name: randomUUID(), handle: arrivals.seen })] });
  await worker.start();
  setting.cleanup.defer(() => worker.stop());
  return { name, measure: (seconds) => handOvers(seconds, appendOne(subject), arrivals) };
}

/** Holds a transaction open that has written something, until it is disposed of. */
async function holdTransaction(url: string, prepared: boolean): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("create table if not exists held (n int); begin; insert into held values (1)");
  if (prepared) await client.query("prepare transaction 'bench'");
  return {
    async [Symbol.asyncDispose]() {
      await client.query(prepared ? "rollback prepared 'bench'" : "rollback");
      await client.end();
    },
  };
}

/**
 * The same while strangers hold transactions open. Only for as long as it measures: they are one server's, and a feed that
 * waits for the oldest transaction of the whole cluster would stand still in every database.
 */
async function besideStrangers(setting: Setting): Promise<Contestant> {
  const url = await setting.createDatabase();
  const elsewhere = await setting.createDatabase();
  const canPrepare = await allowsPrepared(url);
  const { name, measure } = await tidemark(setting, "beside strangers' transactions", true, url);
  return {
    name,
    async measure(seconds) {
      await using held = new AsyncDisposableStack();
      held.use(await holdTransaction(url, false));
      held.use(await holdTransaction(elsewhere, false));
      if (canPrepare) held.use(await holdTransaction(url, true));
      return await measure(seconds);
    },
  };
}

async function emmettContestant(setting: Setting): Promise<Contestant> {
  const url = await setting.createDatabase();
  const subject = await openEmmett(url);
  setting.cleanup.defer(() => subject.close());
  const arrivals = new Arrivals();
  const processor = await startEmmettProcessor(url, arrivals.seen);
  setting.cleanup.defer(() => processor.stop());
  return { name: "Emmett", measure: (seconds) => handOvers(seconds, appendOne(subject), arrivals) };
}

export const handOverFromAppend: Scenario = {
  number: 12,
  title: "From append to handler on an idle store",
  about:
    "An event every 10 to 100 ms; the time from the call of append until the handler has it. Two stores: append and worker know each other through the database only. Strangers' transactions: one that has written is open in the same database, one in another, and, where the server allows them, one is prepared.",
  unit: "1/s of waiting",
  async prepare(setting) {
    const url = await setting.createDatabase();
    const contestants = [
      await tidemark(setting, "Tidemark", false, url),
      await tidemark(setting, "two stores", true, url),
      await besideStrangers(setting),
      ...(setting.withPeers ? [await emmettContestant(setting)] : []),
    ];
    return [
      {
        label: "1 caller",
        subject: "Tidemark",
        contestants,
        targets: [
          ...["Tidemark", "two stores", "beside strangers' transactions"].flatMap((of) => [
            { of, medianAtMostMs: 5 },
            { of, p99AtMostMs: 25 },
          ]),
          { against: "Emmett", atLeast: 20 },
        ],
      },
    ];
  },
};

async function allowsPrepared(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ max_prepared_transactions: string }>("show max_prepared_transactions");
    return Number(rows[0]?.max_prepared_transactions) > 0;
  } finally {
    await client.end();
  }
}
