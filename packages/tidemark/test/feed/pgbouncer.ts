import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "../support/test.ts";

const binary = "/usr/sbin/pgbouncer";

/** Debian's package `pgbouncer`. */
export const hasPgbouncer: boolean = existsSync(binary);

export interface Pooler extends AsyncDisposable {
  readonly url: string;
}

/** A pgbouncer in transaction mode in front of a database. */
export async function startPgbouncer(databaseUrl: string): Promise<Pooler> {
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
    "default_pool_size = 5",
    "ignore_startup_parameters = extra_float_digits,options",
  ];
  const file = join(folder, "pgbouncer.ini");
  await writeFile(file, settings.join("\n"));
  // It refuses to run as root, and then belongs to another user.
  await Promise.all([chmod(folder, 0o755), chmod(file, 0o644), chmod(users, 0o644)]);
  const child = start(file);
  const url = new URL(databaseUrl);
  url.port = `${port}`;
  await eventually(async () => {
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    await client.end();
  });
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

function start(file: string): ChildProcess {
  const nobody = 65_534;
  return spawn(binary, ["-q", file], { stdio: "ignore", ...(process.getuid?.() === 0 && { uid: nobody, gid: nobody }) });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
