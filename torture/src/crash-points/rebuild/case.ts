import { isDeepStrictEqual } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { startProxy, type Server } from "@tidemark/servers";
import { isTidemarkError, type Projection } from "tidemark";
import { administer } from "../../faults/fault.ts";
import { Appends } from "./appends.ts";
import { Auditor, differencesOf } from "./audit.ts";
import { type Databases, named } from "./databases.ts";
import { schema } from "./definitions.ts";
import { listPoints, type StatementPoint, strikeAt, type Way } from "./points.ts";
import { patienceMs, Running } from "./running.ts";
import { both, type Scenario, versionsIn } from "./scenarios.ts";

export interface Place {
  readonly server: Server;
  readonly databases: Databases;
}

/** Until another process comes where the message does not. */
const strikeMs = 15_000;

/** The process that breaks. */
class Breaking {
  #process: Running | undefined;
  readonly #scenario: Scenario;
  readonly #url: string;
  /** What its call threw that no call may throw. */
  untyped: string | undefined;

  constructor(scenario: Scenario, url: string) {
    this.#scenario = scenario;
    this.#url = url;
  }

  async open(): Promise<void> {
    this.#process = await Running.start(this.#url, both(this.#scenario.mode));
  }

  /** Never rejects. */
  async act(): Promise<void> {
    try {
      if (this.#scenario.opens) await this.open();
      if (this.#process) await this.#scenario.act?.(this.#process.store);
    } catch (error) {
      if (!isTidemarkError(error)) this.untyped = String(error);
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }
}

/** The messages of the process when nothing breaks, or what is wrong then. */
export async function record({ server, databases }: Place, scenario: Scenario): Promise<readonly StatementPoint[] | string> {
  const url = await databases.copy(scenario.mode, scenario.beginning);
  try {
    await using proxy = await startProxy({ port: server.port });
    const process = new Breaking(scenario, proxy.through(url));
    try {
      if (!scenario.opens) await process.open();
      const points = listPoints(proxy);
      await process.act();
      return (await administer(url, (client) => untilOutcome(client, scenario))) ?? points();
    } finally {
      await process.stop();
    }
  } finally {
    await databases.drop(url);
  }
}

export interface Broken {
  /** The message came, and the process broke. */
  readonly struck: boolean;
  /** How often a reader looked. */
  readonly looks: number;
  readonly wrong: readonly string[];
}

/** Breaks one process at one message, has another one end what it began, and tells what is wrong. */
export async function breakAt(place: Place, scenario: Scenario, point: StatementPoint, way: Way): Promise<Broken> {
  const { server, databases } = place;
  const url = await databases.copy(scenario.mode, scenario.beginning);
  const proxy = await startProxy({ port: server.port });
  const auditor = new Auditor(url);
  const process = new Breaking(scenario, named(proxy.through(url), "breaking"));
  const others: Running[] = [];
  const start = async (projections: readonly Projection[]): Promise<Running> => {
    const running = await Running.start(named(url, "appender"), projections);
    others.push(running);
    return running;
  };
  const wrong: string[] = [];
  let appends: Appends | undefined;
  try {
    const before = await start(scenario.known);
    appends = new Appends(before.store);
    await auditor.begin();
    if (!scenario.opens) await process.open();
    let struck = false;
    const striking = strikeAt(proxy, point, way).then(() => (struck = true));
    const acting = process.act();
    await Promise.race([striking, delay(strikeMs), ...(scenario.opens ? [acting.then(() => untilStruckOrOver(url, scenario, () => struck))] : [acting])]);
    const other = scenario.opens ? await start(both(scenario.mode)) : before;
    await appends.use(other.store);
    // What the process could not do, another does.
    await patiently(() => scenario.again?.(other.store));
    wrong.push(...(await administer(url, (client) => judge(client, scenario, other, async () => (await appends?.end()) ?? []))));
    wrong.push(...(await auditor.end()));
    if (process.untyped !== undefined) wrong.push(`the call failed with ${process.untyped}`);
    return { struck, looks: auditor.looks, wrong };
  } finally {
    await appends?.end();
    proxy.refuseAll();
    await Promise.allSettled([process.stop(), auditor.end(), ...others.map((one) => one.stop())]);
    await proxy.close();
    await databases.drop(url);
  }
}

/** Where the process that is gone was to bring a version up to date, nobody does until its lease has ended. */
async function patiently(work: () => Promise<unknown> | undefined): Promise<void> {
  for (const until = performance.now() + patienceMs; ; await delay(100)) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isTidemarkError(error) || !error.retryable || performance.now() > until) throw error;
    }
  }
}

async function untilStruckOrOver(url: string, scenario: Scenario, struck: () => boolean): Promise<void> {
  await administer(url, async (client) => {
    while (!struck() && !isDeepStrictEqual(await versionsIn(client), scenario.outcome)) await delay(20);
  });
}

async function untilOutcome(client: pg.Client, scenario: Scenario): Promise<string | undefined> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const versions = await versionsIn(client);
    if (isDeepStrictEqual(versions, scenario.outcome)) return undefined;
    if (performance.now() > until) {
      const { rows } = await client.query(`select version, state, swap, events, reached, error from ${pg.escapeIdentifier(schema)}.projection_builds`);
      return `it did not end by itself: ${JSON.stringify(versions)}, builds ${JSON.stringify(rows)}`;
    }
    await delay(20);
  }
}

async function judge(client: pg.Client, scenario: Scenario, other: Running, endAppends: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const late = await untilOutcome(client, scenario);
  const wrong = [...(late === undefined ? [] : [late]), ...(await endAppends())];
  // Then neither need it be caught up.
  if (late !== undefined) return wrong;
  await other.caughtUp();
  for (const version of Object.keys(scenario.outcome)) {
    const different = await differencesOf(client, Number(version));
    if (different !== null) wrong.push(`version ${version} ends with ${different}`);
  }
  return wrong;
}
