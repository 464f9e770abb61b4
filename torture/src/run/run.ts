import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startProxy, startServer, type Server, type ServerOptions } from "servers";
import { Cluster } from "../cluster/cluster.ts";
import { faults } from "../faults/faults.ts";
import type { Arena } from "../faults/fault.ts";
import { administer, untilAnswering } from "../faults/fault.ts";
import { createEffects } from "../consume/tables.ts";
import { randomFrom } from "../random.ts";
import { coordinate } from "./coordinator.ts";
import { writeFinalState } from "./final-phase.ts";
import { torment, type Strike } from "./nemesis.ts";
import type { Plan } from "./plan.ts";
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

/** Runs workers and nemesis, heals everything, and leaves histories and the final state in `folder`. */
export async function runTorture(plan: Plan, folder: string, progress: (text: string) => void): Promise<RunRecord> {
  const started = new Date();
  await mkdir(folder, { recursive: true });
  using disk = mountSmallDisk(plan.diskMegabytes);
  const options: ServerOptions = { version: plan.version, settings: serverSettings, ...(disk && { parent: disk.folder }) };
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
  const workers = new Workers({
    count: plan.workers,
    folder,
    orders: (worker) => ({
      seed: plan.seed,
      // One worker in four has no proxy between itself and the server, where the server stays the same.
      url: worker % 4 === 0 && !plan.replica ? firstUrl : proxy.through(firstUrl),
      // To cancel a commit that waits for its replica would acknowledge it without one.
      queryTimeoutMs: plan.replica ? 60_000 : 1_500,
      schema,
      clients: 6,
      followers: worker % 2 === 0 ? 1 : 2,
      eventsPerSecond: (plan.events / plan.seconds / plan.workers) * 2.5,
    }),
  });
  const over = new AbortController();
  let coordinating: Promise<void> | undefined;
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
      smallDisk: disk?.folder,
    };
    const missing = faults.flatMap((fault): [string, string][] => {
      const reason = fault.missing?.(arena);
      return reason === undefined ? [] : [[fault.name, reason]];
    });
    coordinating = coordinate(urlNow, over.signal);
    await disturbTheStart(arena);
    const ending = performance.now() + plan.seconds * 1_000;
    const strikes = await torment(arena, { count: plan.faults, seconds: plan.seconds, only: plan.only }, over.signal, (done) =>
      progress(`${done.length} of ${plan.faults} faults, ${Math.max(0, Math.round((ending - performance.now()) / 1_000))} s left, last: ${done.at(-1)?.name}`),
    );
    await delay(Math.max(0, ending - performance.now()));
    progress("healing, and waiting for the workers to finish");
    await untilAnswering(urlNow());
    await workers.finish();
    progress("reading everything from zero");
    await writeFinalState({ folder, server: server(), url: urlNow(), schema, farewells: workers.farewells, consuming: true });
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
    workers.abandon();
    await coordinating;
  }
}

/** All processes bring the schema up to date at once; some are killed while they do, and others take their place. */
async function disturbTheStart({ workers, random, url, schema }: Arena): Promise<void> {
  for (let kills = 4; kills > 0; kills--) {
    await delay(random.between(100, 400));
    await workers.kill(random.pick(workers.numbers));
  }
  await administer(url, async (client) => {
    const exists = async (): Promise<boolean> =>
      (await client.query("select from pg_tables where schemaname = $1 and tablename = 'events'", [schema])).rows.length > 0;
    while (!(await exists())) await delay(50);
  });
}
