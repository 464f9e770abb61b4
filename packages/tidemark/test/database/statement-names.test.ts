import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "@tidemark/servers";
import pg from "pg";
import { defineConsumer, documentProjection, openEventStore } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";

const sources = fileURLToPath(new URL("../../src", import.meta.url));

/** The names of the statements that a file has, as the server gets to see them. */
function namesIn(text: string): readonly string[] {
  const whole = [...text.matchAll(/name: "(tidemark_\w+)",(?: sizeClass,)? text|name: "(tidemark_\w+)",\n\s+text/g)].map((match) => match[1] ?? match[2] ?? "");
  const prefix = /name: `(tidemark_\w*)\$\{/.exec(text)?.[1];
  const parts = prefix === undefined ? [] : [...text.matchAll(/\b(?:named|statement|question)\(\s*"(\w+)"/g)].map((match) => `${prefix}${match[1]}`);
  return [...whole, ...parts];
}

describe("the name of a statement", () => {
  test("belongs to one statement of one file", async () => {
    const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith(".ts") && !file.endsWith(".generated.ts"));
    const names = new Map<string, string[]>();
    for (const file of files) for (const name of namesIn(await readFile(join(sources, file), "utf8"))) names.set(name, [...(names.get(name) ?? []), file]);
    expect(names.size).toBeGreaterThan(60);
    expect([...names].filter(([, where]) => where.length > 1)).toEqual([]);
  });

  test("begins with tidemark_ wherever one is made", async () => {
    const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith(".ts") && !file.endsWith(".generated.ts"));
    const others: string[] = [];
    for (const file of files) {
      const text = await readFile(join(sources, file), "utf8");
      for (const [found] of text.matchAll(/name: ["`](?!tidemark_)[^"`]*["`],\s*text\b/g)) others.push(`${file}: ${found}`);
    }
    expect(others).toEqual([]);
  });

  test("stands in what pg_stat_statements shows", async () => {
    await using server = await startServer({ settings: { shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.track": "top" } });
    const seats = documentProjection<{ n: number }>({
      name: "seats",
      version: 1,
      mode: "inline",
      collection: "seats",
      handles: ["Taken"],
      documentId: () => "1",
      evolve: () => ({ n: 1 }),
    });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      await client.query("create extension pg_stat_statements");
      const store = await openEventStore(server.url, { projections: [seats] });
      // Migrations are scripts, and no statements.
      await client.query("select pg_stat_statements_reset()");
      const consumer = defineConsumer({ name: "mailer", handle: async () => {} });
      const worker = store.createWorker({ consumers: [consumer] });
      await worker.start();
      await store.appendToStream("cart-1", [{ type: "Taken", data: {}, tags: ["seat:1"] }]);
      await store.append([{ type: "Taken", data: {}, tags: ["seat:2"] }], { condition: { query: [{ tags: ["seat:2"] }] } });
      await store.readStream("cart-1").toArray();
      await store.readAll({ filter: { types: ["Taken"] } }).toArray();
      await store.documents(seats).find({ where: { n: 1 } });
      await worker.caughtUp();
      await worker.stop();
      await store.close();
      const { rows } = await client.query<{ query: string }>("select query from pg_stat_statements");
      const own = rows.map(({ query }) => query).filter((query) => query.includes("tidemark"));
      const unnamed = own.filter(
        (query) => /^\s*(select|with|insert|update|delete)\b/i.test(query) && !/^\s*(insert into|delete from|\w+) \/\* tidemark_\w+ \*\//.test(query),
      );
      expect(unnamed).toEqual([]);
      expect(own.map((query) => /\/\* (tidemark_\w+) \*\//.exec(query)?.[1])).toEqual(
        expect.arrayContaining(["tidemark_high_water_mark", "tidemark_read_stream_forward_small", "tidemark_worker_renew"]),
      );
    } finally {
      await client.end();
    }
  });
});
