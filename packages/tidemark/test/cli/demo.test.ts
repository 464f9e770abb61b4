import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openEventStore } from "../../src/index.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, start, tidemark } from "./run.ts";

const test = base.extend("folder", async ({}, { onCleanup }) => {
  const scratch = mkdtempSync(join(tmpdir(), "tidemark-demo-"));
  onCleanup(() => rmSync(scratch, { recursive: true, force: true }));
  return join(scratch, "shop");
});

describe("tidemark demo", () => {
  test("needs no server, shows what a store does and counts what it wrote", async () => {
    const { code, stdout, stderr } = await tidemark(["demo", "--events", "300"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("applied migration 1")]);
    expect(stdout).toMatch(/^\nOpening a store on an embedded PostgreSQL, in memory\n/);
    expect(stdout).toContain("298 events appended in ");
    expect(stdout).toContain("gets a VersionConflictError: the cart is at ");
    expect(stdout).toContain("written once");
    expect(stdout).toContain("\n  ItemAdded    298\n  CartShipped  1\n  CartPaid     1\n  300 events of 40 carts read in ");
    expect(stdout).not.toContain("\u001b");
  });

  test("tells the truth about a server: its figures are the database's, on the second run too", async ({ databaseUrl, schema, sql }) => {
    for (const run of [1, 2]) {
      const ended = await tidemark(["demo", "--events", "200", "--json", "--url", databaseUrl, "--schema", schema]);
      expect(ended.code).toBe(0);
      const told = { ItemAdded: 198, CartShipped: 1, CartPaid: 1 };
      expect(documentOf(ended)).toEqual({ events: 200, streams: 40, types: told, inOrder: true, appendMs: expect.any(Number), readMs: expect.any(Number) });
      const { rows } = await sql.query(`select type, count(*)::int as count from ${pg.escapeIdentifier(schema)}.events group by type`);
      expect(Object.fromEntries(rows.map((row) => [row.type, row.count]))).toEqual({ ItemAdded: 198 * run, CartShipped: run, CartPaid: run });
    }
  });

  test("ends quietly when its reader has enough", async ({ folder }) => {
    const child = start(["demo", "--events", "300", "--url", `file:${folder}`]);
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    if (!child.stdout) throw new Error("It has a stdout.");
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await once(child, "close");
    expect([code, stderr.replaceAll(/^tidemark: applied .*\n/gm, "")]).toEqual([0, ""]);
  });

  test("ends with 130 on Ctrl-C, and the folder opens again", async ({ folder }) => {
    const child = start(["demo", "--events", "1000000", "--url", `file:${folder}`]);
    let stdout = "";
    const filling = Promise.withResolvers<void>();
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.includes("fill their carts")) filling.resolve();
    });
    await filling.promise;
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([130, null]);
    await using store = await openEventStore(`file:${folder}`, { schema: "tidemark_demo" });
    const { version } = await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
    expect(version).toBe(1);
  });
});
