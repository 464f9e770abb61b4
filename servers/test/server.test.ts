import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { startServer } from "../src/index.ts";

async function one(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows[0];
  } finally {
    await client.end();
  }
}

/** Resolves when no process has this pid. */
async function gone(pid: number): Promise<void> {
  await expect.poll(() => isRunning(pid), { timeout: 60_000, interval: 20 }).toBe(false);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a server", () => {
  test("keeps what was committed through a crash and a stop, on the same port", async () => {
    await using server = await startServer();
    const url = await server.createDatabase("shop");
    await one(url, "create table sold (n int)");
    for (const end of [server.kill, server.stop]) {
      const { pid } = server;
      await one(url, "insert into sold values (1)");
      await end();
      await expect(one(url, "select 1")).rejects.toThrow("ECONNREFUSED");
      await server.start();
      expect(server.pid).not.toBe(pid);
    }
    expect(await one(url, "select count(*)::int as sold from sold")).toEqual({ sold: 2 });
  });

  test("is UTF8, collates by code point and is durable unless its settings say otherwise", async () => {
    await using server = await startServer({ settings: { max_connections: 7 } });
    const shown =
      "select current_setting('server_encoding') as encoding, datcollate as locale, current_setting('fsync') as fsync, current_setting('max_connections') as connections from pg_database where datname = current_database()";
    expect(await one(server.url, shown)).toEqual({ encoding: "UTF8", locale: "C", fsync: "on", connections: "7" });
  });

  test.each([16, 17, 18] as const)("is PostgreSQL %i where that is asked for", async (version) => {
    await using server = await startServer({ version });
    expect(await one(server.url, "select current_setting('server_version_num')::int / 10000 as major")).toEqual({ major: version });
  });

  test("can have its log in another folder, and something of the caller's in its environment", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-log-"));
    try {
      await chmod(folder, 0o777);
      await using server = await startServer({ logFolder: folder, env: { PGTZ: "Asia/Tokyo" } });
      await one(server.url, "create table sold (n int)");
      await server.kill();
      await server.start();
      expect(await one(server.url, "select count(*)::int as sold from sold")).toEqual({ sold: 0 });
      expect((await readdir(folder)).filter((name) => /^[0-9A-F]{24}$/.test(name))).not.toEqual([]);
      expect(await readFile(`/proc/${server.pid}/environ`, "latin1")).toContain("PGTZ=Asia/Tokyo");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("tells why it did not start", async () => {
    await expect(startServer({ settings: { no_such_setting: "on" } })).rejects.toThrow("no_such_setting");
  });

  test("leaves nothing behind when it is disposed of", async () => {
    const server = await startServer();
    const { pid, folder } = server;
    await server[Symbol.asyncDispose]();
    expect([isRunning(pid), existsSync(folder)]).toEqual([false, false]);
  });
});

describe("a process that starts a server", () => {
  const program = `
    const { startServer } = await import(${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)});
    const { pid, folder } = await startServer();
    console.log(JSON.stringify({ pid, folder }));
    setInterval(() => {}, 1_000);
  `;

  async function startElsewhere(): Promise<{ owner: ReturnType<typeof spawn>; pid: number; folder: string }> {
    const owner = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line]: unknown[] = await once(owner.stdout, "data");
    return { owner, ...JSON.parse(String(line)) };
  }

  test("takes it along when a signal ends it", async () => {
    const { owner, pid, folder } = await startElsewhere();
    expect(isRunning(pid)).toBe(true);
    owner.kill("SIGTERM");
    await once(owner, "exit");
    expect(owner.signalCode).toBe("SIGTERM");
    await gone(pid);
    expect(existsSync(folder)).toBe(false);
  });

  test("leaves it to the next one when it is killed", async () => {
    const { owner, pid, folder } = await startElsewhere();
    owner.kill("SIGKILL");
    await once(owner, "exit");
    expect(isRunning(pid)).toBe(true);
    await using _next = await startServer();
    await gone(pid);
    expect(existsSync(folder)).toBe(false);
  });
});
