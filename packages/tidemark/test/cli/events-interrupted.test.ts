import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, eventually, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { start } from "./run.ts";

const events = `
  import { defineEvents, event } from "tidemark";
  export const events = defineEvents({ ItemAdded: { schema: event(), examples: [{ sku: "tea" }] } });`;

describe("Ctrl-C", () => {
  test.for([
    ["check", ["--json"], "The check was interrupted. Nothing was changed."],
    ["check", ["--sample", "5", "--json"], "The check was interrupted. Nothing was changed."],
    ["golden", ["--from-store", "--json"], "The command was interrupted. No file was written."],
  ] as const)(
    "ends tidemark events %s %j with 130, and its statement on the server",
    async ([command, args, told], { store, sql, databaseUrl, schema, catalogue, onTestFinished }) => {
      const folder = await mkdtemp(join(tmpdir(), "tidemark-interrupted-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
      const waiting = async (): Promise<number> => {
        const { rows } = await sql.query(
          "select 1 from pg_catalog.pg_stat_activity where wait_event_type = 'Lock' and datname = pg_catalog.current_database()",
        );
        return rows.length;
      };
      const client = await sql.connect();
      // Opening a store looks at events, but not at streams.
      try {
        await client.query("begin");
        await client.query(`lock table ${pg.escapeIdentifier(schema)}.streams in access exclusive mode`);
        const more = command === "golden" ? ["--folder", join(folder, "golden")] : [];
        const child = start(["events", command, "--url", databaseUrl, "--schema", schema, "--catalogue", await catalogue(events), ...more, ...args]);
        let stdout = "";
        child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
        await eventually(async () => expect(await waiting()).toBe(1));
        child.kill("SIGINT");
        const [code] = await once(child, "close");
        expect([code, JSON.parse(stdout)]).toEqual([130, { error: { code: "INTERRUPTED", message: told } }]);
        await eventually(async () => expect(await waiting()).toBe(0));
        expect(await readdir(folder)).toEqual([]);
      } finally {
        await client.query("rollback");
        client.release();
      }
    },
  );
});
