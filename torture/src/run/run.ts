import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { hasPgbouncer, startPgbouncer, startProxy, startServer, type Server, type ServerOptions } from "@tidemark/servers";
import { Cluster } from "../cluster/cluster.ts";
import { jumpServerClock } from "../faults/jump-server-clock.ts";
import { faults } from "../faults/faults.ts";
import type { Arena } from "../faults/fault.ts";
import { administer, untilAnswering } from "../faults/fault.ts";
import { createEffects } from "../consume/tables.ts";
import { noBrokerReason, startPublishTarget } from "../publish/broker.ts";
import { randomFrom } from "../random.ts";
import { codeOf } from "../shapes/code.ts";
import { chainEvents, isChained } from "./chain.ts";
import { createClocks } from "./clocks.ts";
import { Auditor } from "../project/audit.ts";
import { Operator } from "../project/operator.ts";
import { coordinate } from "./coordinator.ts";
import { watchTimers } from "./early-timers.ts";
import { writeFinalState } from "./final-phase.ts";
import { torment, type Strike } from "./nemesis.ts";
import type { Plan } from "./plan.ts";
import { sessionsAtWork } from "./sessions.ts";
import { mountSmallDisk } from "./small-disk.ts";
import { Workers } from "./workers.ts";

/** What a run was, for its report. */
export interface RunRecord {
  readonly plan: Plan;
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly strikes: readonly Strike[];
  readonly processes: number;
  /** Faults that could not be done here, and why. */
  readonly missing: readonly (readonly [fault: string, reason: string])[];
}

const schema = 'torture "store"';

/** Many enough for the workers, few enough to be exhausted. */
const serverSettings = { max_connections: 80, max_prepared_transactions: 10, max_wal_size: "256MB", restart_after_crash: "on" } as const;

/** A busy machine may take longer for what is planned. What it has not done after this never comes. */
const mostSeconds = ({ seconds }: Plan): number => 2 * seconds + 600;
/** Some seconds are enough on a quiet machine. */
const startSeconds = 300;
/** A few times `max_wal_size`, which is no limit. */
const logDiskMegabytes = 1_000;

/** Runs workers and nemesis, heals everything, and leaves histories and the final state in `folder`. */
export async function runTorture(plan: Plan, folder: string, progress: (text: string) => void): Promise<RunRecord> {
  const started = new Date();
  await mkdir(folder, { recursive: true });
  // The checker reads every history that is there.
  if ((await readdir(folder)).length > 0)
    throw new Error(`${folder} is not empty. What another run wrote would be judged as this one's: name another --folder.`);
  using disk = mountSmallDisk(plan.diskMegabytes);
  using logDisk = mountSmallDisk(logDiskMegabytes);
  await using clocks = await createClocks();
  const options: ServerOptions = {
    version: plan.version,
    settings: serverSettings,
    ...(clocks && { env: clocks.server.env }),
    ...(disk && { parent: disk.folder }),
    // A copy of the data folder must be a copy of its log.
    ...(logDisk && !plan.replica && { logFolder: logDisk.folder }),
  };
  await using first = await startServer(options);
  const firstUrl = await first.createDatabase("torture");
  await createEffects(firstUrl);
  await using cluster = plan.replica ? await Cluster.around(first, options) : undefined;
  const server = (): Server => cluster?.primary ?? first;
  const urlNow = (): string => {
    const url = new URL(firstUrl);
    url.port = `${server().port}`;
    return url.href;
  };
  await using proxy = await startProxy({ port: first.port });
  await using pooler = hasPgbouncer ? await startPgbouncer(proxy.through(firstUrl), { sessions: 10 }) : undefined;
  await using broker = await startPublishTarget();
  for (let worker = 1; worker <= plan.workers; worker++) await clocks?.worker(worker).set(0);
  // One worker in four has a pooler between itself and the proxy, and one not even the proxy, where the server stays the same.
  const wayOf = (worker: number): string => {
    if (worker % 4 === 3 && pooler) return pooler.url;
    return worker % 4 === 0 && !plan.replica ? firstUrl : proxy.through(firstUrl);
  };
  const workers = new Workers({
    count: plan.workers,
    folder,
    env: (worker) => clocks?.worker(worker).env ?? {},
    sessions: () => administer(urlNow(), sessionsAtWork),
    orders: (worker) => ({
      seed: plan.seed,
      code: codeOf(worker),
      url: wayOf(worker),
      broker: broker?.url,
      // To cancel a commit that waits for its replica would acknowledge it without one.
      queryTimeoutMs: plan.replica ? 60_000 : 1_500,
      schema,
      clients: 6,
      operations: plan.operations,
      followers: worker % 2 === 0 ? 1 : 2,
      eventsPerSecond: (plan.events / plan.seconds / plan.workers) * 2.5,
    }),
  });
  const over = new AbortController();
  const noMore = new AbortController();
  const auditor = new Auditor(schema);
  const operator = new Operator(schema, randomFrom(plan.seed, "operator"));
  let coordinating: Promise<unknown> | undefined;
  let operating: Promise<unknown> | undefined;
  try {
    const arena: Arena = {
      get server() {
        return server();
      },
      get url() {
        return urlNow();
      },
      cluster,
      proxy,
      workers,
      random: randomFrom(plan.seed, "nemesis"),
      schema,
      disks: disk && logDisk && { data: disk.folder, log: logDisk.folder },
      clocks,
      pooler,
      broker,
    };
    const missing = faults.flatMap((fault): [string, string][] => {
      const reason = fault.missing?.(arena);
      return reason === undefined ? [] : [[fault.name, reason]];
    });
    coordinating = Promise.all([coordinate(urlNow, over.signal), auditor.run(urlNow, over.signal)]);
    await disturbTheStart(arena);
    operating = Promise.all([operator.run(urlNow, noMore.signal), isChained(plan.seed) ? chainEvents(urlNow, schema, noMore.signal) : undefined]);
    const ending = performance.now() + plan.seconds * 1_000;
    const enough = (): boolean => workers.acknowledged >= plan.events;
    const tooLong = AbortSignal.any([over.signal, AbortSignal.timeout(mostSeconds(plan) * 1_000)]);
    const strikes = await torment(arena, { count: plan.faults, seconds: plan.seconds, only: plan.only, enough }, tooLong, (done) =>
      progress(
        `${done.length} of ${plan.faults} faults, ${workers.acknowledged} of ${plan.events} events, ${Math.max(0, Math.round((ending - performance.now()) / 1_000))} s left, last: ${done.at(-1)?.name}`,
      ),
    );
    while (performance.now() < ending || (!enough() && !tooLong.aborted)) await delay(100);
    progress("healing, and waiting for the workers to finish");
    await untilAnswering(urlNow());
    noMore.abort();
    await operating;
    await workers.finish();
    progress("reading everything from zero");
    await writeFinalState({
      folder,
      server: server(),
      url: urlNow(),
      schema,
      farewells: workers.farewells,
      consuming: true,
      auditor,
      operator,
      publishing: broker ? { to: broker, strikes } : { notRun: noBrokerReason },
      clockJumped: strikes.some(({ name }) => name === jumpServerClock.name),
    });
    const record: RunRecord = {
      plan,
      startedAt: started.toISOString(),
      tookSeconds: Math.round((Date.now() - started.getTime()) / 1_000),
      strikes,
      processes: workers.started,
      missing,
    };
    await writeFile(join(folder, "run.json"), JSON.stringify(record, undefined, 2));
    return record;
  } finally {
    over.abort();
    noMore.abort();
    workers.abandon();
    await coordinating;
    await operating;
  }
}

/** All processes bring the schema up to date at once; some are killed while they do, and others take their place. */
async function disturbTheStart({ workers, random, url, schema }: Arena): Promise<void> {
  for (let kills = 4; kills > 0; kills--) {
    await delay(random.between(100, 400));
    await workers.kill(random.pick(workers.numbers));
  }
  await administer(url, async (client) => {
    const functions = `${pg.escapeIdentifier(schema)}.function_sets`;
    // They come last, and some faults call them.
    const exists = async (): Promise<boolean> =>
      (await client.query("select from pg_class where oid = to_regclass($1)", [functions])).rows.length > 0 &&
      (await client.query(`select from ${functions}`)).rows.length > 0;
    const tooLong = AbortSignal.timeout(startSeconds * 1_000);
    while (!(await exists())) {
      if (tooLong.aborted) throw new Error(`No process has created the schema within ${startSeconds} s. Their logs lie beside their histories.`);
      await delay(50);
    }
    await watchTimers(client, schema);
  });
}
