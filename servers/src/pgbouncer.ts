import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { serverAccount } from "./account.ts";
import { endWithProcess } from "./exit.ts";
import { freePort } from "./port.ts";

const binary = "/usr/sbin/pgbouncer";

/** Debian's package `pgbouncer`. */
export const hasPgbouncer: boolean = existsSync(binary);

/** A pgbouncer in transaction mode in front of a server: each transaction may get another of its few sessions. */
export interface Pooler extends AsyncDisposable {
  /** The database that it was started for, through it. */
  readonly url: string;
  /** Its process. Changes with every start. */
  readonly pid: number;
  /** Ends it without warning: every client and every session of its loses its connection. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same port. */
  start(): Promise<void>;
}

export interface PoolerOptions {
  /** Sessions on the server. Default 5. */
  readonly sessions?: number;
}

/** Starts a pgbouncer. It ends when it is disposed of or this process ends. */
export async function startPgbouncer(databaseUrl: string, { sessions = 5 }: PoolerOptions = {}): Promise<Pooler> {
  const target = new URL(databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), "tidemark-pgbouncer-"));
  const port = await freePort();
  const users = join(folder, "users.txt");
  await writeFile(users, `"${target.username}" "${decodeURIComponent(target.password)}"\n`);
  const settings = [
    "[databases]",
    `* = host=${target.hostname} port=${target.port}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = plain",
    `auth_file = ${users}`,
    "pool_mode = transaction",
    `default_pool_size = ${sessions}`,
    // A server that was away is asked again at once, not after 15 seconds.
    "server_login_retry = 0.2",
    "ignore_startup_parameters = extra_float_digits,options,idle_in_transaction_session_timeout",
  ];
  const file = join(folder, "pgbouncer.ini");
  await writeFile(file, settings.join("\n"));
  // It refuses to run as root, and then belongs to another user.
  await Promise.all([chmod(folder, 0o755), chmod(file, 0o644), chmod(users, 0o644)]);
  const url = new URL(databaseUrl);
  url.port = `${port}`;

  const account = await serverAccount();
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    child = spawn(binary, ["-q", file], { stdio: "ignore", ...account });
    await untilListening(url.href);
  }
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
  const letGo = endWithProcess({ folder, endNow: () => void child?.kill("SIGKILL") });
  const pooler: Pooler = {
    url: url.href,
    get pid() {
      return child?.pid ?? 0;
    },
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true });
      letGo();
    },
  };
  try {
    await start();
  } catch (error) {
    await pooler[Symbol.asyncDispose]();
    throw error;
  }
  return pooler;
}

/** Until it lets a client in; whether the server behind it answers is another matter. */
async function untilListening(url: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}
