import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startServer } from "@tidemark/servers";
import { defineConsumer, openEventStore } from "tidemark";
import { settings } from "../support/settings.ts";
import { describe, expect, test } from "../support/test.ts";
import { item, lines, logOf } from "./test.ts";
import { open } from "../database/open.ts";

const run = promisify(execFile);
const binaries = "/usr/lib/postgresql/15/bin";
const there = ["pg_dump", "psql", "postgres"].every((name) => existsSync(join(binaries, name)));
const schema = 'we"ird Dump';

describe("pg_dump of a PostgreSQL 15 server, restored into a PostgreSQL 18 server", () => {
  if (!there) {
    test("was NOT tested: PostgreSQL 15 is not installed", () => {
      console.warn(`The restore of a dump into a newer PostgreSQL was not tested: there is no PostgreSQL 15 in ${binaries}. apt-get install postgresql-15`);
      expect(there).toBe(false);
    });
    return;
  }

  test("is the same log, on which a store and its consumers go on", async () => {
    await using from = await startServer({ version: 15, settings });
    await using to = await startServer({ version: 18, settings });
    const url = await from.createDatabase();
    const events = Array.from({ length: 500 }, (_, n) =>
      item(`cart-${n % 20}`, n, {
        position: n * 3 + 1,
        tags: [`n:${n % 7}`, "ä,=\"'"],
        metadata: { n },
        tenant: n % 2 ? "acme" : "",
        recordedAt: "2010-01-19T19:39:18.123Z",
      }),
    );
    await using store = await openEventStore(url, { schema });
    await using opened = await open(url);
    await logOf(opened.database, schema).import(lines(...events), { keepPositions: true });
    await store.appendToStream("cart-1", [{ type: "Last", data: { n: -1 } }]);
    const seen: number[] = [];
    const consumer = defineConsumer({ name: "counter", tenants: "all", shards: 3, handle: ({ position }) => void seen.push(position) });
    {
      await using worker = store.createWorker({ consumers: [consumer] });
      await worker.start();
      await worker.caughtUp();
    }
    expect(seen).toHaveLength(501);
    // Written, and not handled before the dump.
    await store.appendToStream("cart-1", [{ type: "Unseen", data: {} }]);
    const unseen = await logOf(opened.database, schema).export();

    const folder = await mkdtemp(join(tmpdir(), "tidemark-dump-"));
    try {
      const dump = join(folder, "dump.sql");
      // The servers of the tests' packages are built without lz4, which Debian's has.
      await run(join(binaries, "pg_dump"), ["--dbname", url, "--file", dump, "--no-toast-compression"]);
      const restored = await to.createDatabase();
      await run(join(binaries, "psql"), ["--dbname", restored, "--file", dump, "--set", "ON_ERROR_STOP=1", "--quiet", "--output", join(folder, "log")]);

      await using again = await open(restored);
      expect(await logOf(again.database, schema).export()).toBe(unseen);
      await using newer = await openEventStore(restored, { schema, migrate: "verify" });
      const last = await store.highWaterMark();
      expect(await newer.highWaterMark()).toBe(last);
      expect((await newer.readAll({ filter: { tags: ["n:3"] } }).toArray()).length).toBe((await store.readAll({ filter: { tags: ["n:3"] } }).toArray()).length);
      expect(await newer.appendToStream("cart-1", [{ type: "More", data: {} }], { expectedVersion: 2 })).toMatchObject({ version: 3, position: last + 1 });
      {
        await using worker = newer.createWorker({ consumers: [consumer] });
        await worker.start();
        await worker.caughtUp();
      }
      expect(seen.slice(501)).toEqual([last, last + 1]);
      await expect(again.database.userQuery(`delete from "we""ird Dump".events`, [])).rejects.toThrow("append-only");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
