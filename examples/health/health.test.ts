import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { openEventStore } from "tidemark";
import { describe, eventually, expect, test } from "../../packages/tidemark/test/support/test.ts";

const frameworks = ["hono", "express", "fastify"] as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("It listens on a port.");
  return address.port;
}

describe("a server made with", () => {
  test.for(frameworks)("%s is ready once the schema is there, and finishes its requests after SIGTERM", async (framework, { databaseUrl, sql }) => {
    await sql.query("drop schema if exists tidemark cascade");
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, ["--conditions=source", join(import.meta.dirname, `${framework}.ts`)], {
      env: { ...process.env, NODE_OPTIONS: "", DATABASE_URL: databaseUrl, PORT: `${port}`, NOTICED_MS: "10000" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "exit");
    const said = text(child.stderr);
    const ask = async (path: string): Promise<{ readonly status: number; readonly report: unknown }> => {
      const response = await fetch(url + path);
      return { status: response.status, report: await response.json() };
    };
    const holder = await sql.connect();
    try {
      // Live, but not ready: nobody has migrated.
      await eventually(async () => expect(await ask("/livez")).toMatchObject({ status: 200, report: { live: true } }));
      expect(await ask("/readyz")).toMatchObject({ status: 503, report: { live: true, ready: false } });
      await (await openEventStore(databaseUrl)).close();
      expect(await ask("/readyz")).toMatchObject({ status: 200, report: { ready: true } });

      // A request that waits for a lock while the process is asked to stop.
      await holder.query("begin; lock table tidemark.streams in access exclusive mode");
      const request = fetch(`${url}/carts/1/items`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"sku":"tea"}' });
      await eventually(async () =>
        expect((await sql.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).rows).toHaveLength(1),
      );
      child.kill("SIGTERM");
      await eventually(async () => expect(await ask("/readyz")).toMatchObject({ status: 503, report: { ready: true } }));
      expect(await ask("/livez")).toMatchObject({ status: 200 });
      // The server takes no new connection any more, and the request is still under way.
      await eventually(() => expect(fetch(`${url}/livez`, { headers: { connection: "close" } })).rejects.toThrow());
      await holder.query("commit");
      expect([(await request).status, await (await request).json()]).toEqual([201, { version: 1 }]);
      expect(await ended).toEqual([0, null]);
      expect((await sql.query("select count(*)::int as n from tidemark.events")).rows).toEqual([{ n: 1 }]);
      expect(await said).toBe("");
    } finally {
      child.kill("SIGKILL");
      // With its connection, and its lock where the test has failed.
      holder.release(true);
    }
  });
});

test("the guide shows what runs here", async () => {
  const guide = await readFile(join(import.meta.dirname, "../../docs/guides/health-endpoints.md"), "utf8");
  for (const name of ["probe", ...frameworks]) {
    const program = await readFile(join(import.meta.dirname, `${name}.ts`), "utf8");
    expect(guide, name).toContain(`\`\`\`typescript\n${program}\`\`\``);
  }
});
