import pg from "pg";
import type { Server, ServerOptions } from "@tidemark/servers";
import { startStandby } from "./standby.ts";

/** A primary and its streaming replica, which wait for each other: what is acknowledged is on both. */
export class Cluster implements AsyncDisposable {
  readonly #options: ServerOptions;
  #primary: Server;
  #standby: Server;

  private constructor(options: ServerOptions, primary: Server, standby: Server) {
    this.#options = options;
    this.#primary = primary;
    this.#standby = standby;
  }

  static async around(primary: Server, options: ServerOptions): Promise<Cluster> {
    const standby = await startStandby(primary, options);
    await waitForEachOther(primary);
    return new Cluster(options, primary, standby);
  }

  get primary(): Server {
    return this.#primary;
  }

  get standby(): Server {
    return this.#standby;
  }

  /** The primary is lost, and its replica takes over; it waits for nobody until it has a replica of its own, its copy. */
  async failOver(): Promise<void> {
    const lost = this.#primary;
    await lost.kill();
    this.#primary = this.#standby;
    await onServer(this.#primary, async (client) => void (await client.query("select pg_promote()")));
    await lost[Symbol.asyncDispose]();
    this.#standby = await startStandby(this.#primary, this.#options);
    await waitForEachOther(this.#primary);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#primary[Symbol.asyncDispose]();
    await this.#standby[Symbol.asyncDispose]();
  }
}

/** Set once a replica is there: before, every commit would hang. */
async function waitForEachOther(primary: Server): Promise<void> {
  await onServer(primary, async (client) => {
    await client.query("alter system set synchronous_standby_names = '*'");
    await client.query("select pg_reload_conf()");
    const replicas = "select from pg_stat_replication where sync_state = 'sync' and state = 'streaming'";
    while ((await client.query(replicas)).rows.length === 0) await client.query("select pg_sleep(0.02)");
  });
}

async function onServer(server: Server, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server.url, application_name: "nemesis" });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
