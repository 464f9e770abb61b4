import pg from "pg";
import type { Pooler, Proxy, Server } from "@tidemark/servers";
import type { Cluster } from "../cluster/cluster.ts";
import type { Random } from "../random.ts";
import { noBrokerReason, type PublishTarget } from "../publish/broker.ts";
import type { Clocks } from "../run/clocks.ts";
import type { Workers } from "../run/workers.ts";

/** What a fault can reach. */
export interface Arena {
  /** Where a failover makes another one the primary: the one that is it now. */
  readonly server: Server;
  readonly cluster: Cluster | undefined;
  /** Stands between most workers and the server. */
  readonly proxy: Proxy;
  readonly workers: Workers;
  readonly random: Random;
  /** The store's database, past the proxy, as a superuser. */
  readonly url: string;
  readonly schema: string;
  /** Small file systems that hold the server's data and its write-ahead log; undefined where none could be made. */
  readonly disks: { readonly data: string; readonly log: string } | undefined;
  /** What the server and the workers take for the time; undefined where nobody can set it. */
  readonly clocks: Clocks | undefined;
  /** Between one worker in four and the proxy; undefined where it is not installed. */
  readonly pooler: Pooler | undefined;
  /** What relays publish to; undefined where it is not installed. */
  readonly broker: PublishTarget | undefined;
}

/** Something that goes wrong. */
export interface Fault {
  readonly name: string;
  /** Not with a replica: a commit that is cancelled while it waits for one is acknowledged without it, with a warning. */
  readonly withoutReplica?: true;
  /** Why it cannot be done here, if so. */
  missing?(arena: Arena): string | undefined;
  /** Does it, and heals it again. */
  strike(arena: Arena): Promise<void>;
}

export function noSmallDisk({ disks }: Arena): string | undefined {
  return disks === undefined ? "needs root, to mount a small file system" : undefined;
}

export function noClocks({ clocks }: Arena): string | undefined {
  return clocks === undefined ? "needs libfaketime (Debian: apt-get install libfaketime)" : undefined;
}

export function noPooler({ pooler }: Arena): string | undefined {
  return pooler === undefined ? "needs PgBouncer (Debian: apt-get install pgbouncer)" : undefined;
}

export function noBroker({ broker }: Arena): string | undefined {
  return broker === undefined ? noBrokerReason : undefined;
}

/** What a fault has set for the database is not for who heals it: options of a session come before the database's defaults. */
const ownSettings =
  "-c statement_timeout=0 -c lock_timeout=0 -c deadlock_timeout=1s -c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed -c standard_conforming_strings=on";

/** Runs `work` with a session of its own, whose name keeps it out of the faults' way. */
export async function administer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "nemesis", options: ownSettings, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    void client.end().catch(() => undefined);
  }
}

/** The workers' backends at this moment. */
export function workerBackends(client: pg.Client): Promise<number[]> {
  return client
    .query<{ pid: number }>(
      "select pid from pg_stat_activity where backend_type = 'client backend' and datname = current_database() and application_name <> 'nemesis' order by pid",
    )
    .then(({ rows }) => rows.map(({ pid }) => pid));
}

/** Sends a signal to a process that may have ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Waits until the server answers again. */
export async function untilAnswering(url: string, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await administer(url, async (client) => void (await client.query("select 1")));
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
