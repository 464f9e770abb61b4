import { glob, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, test } from "../packages/tidemark/test/support/test.ts";

/** What a page has its reader run as SQL: in blocks, and by psql. */
function statementsOf(page: string): readonly string[] {
  const blocks = Array.from(page.matchAll(/^ *```sql\n(.*?)^ *```/gms), ([, sql = ""]) => sql.replaceAll(/--.*$/gm, "").split(";"));
  const commands = Array.from(page.matchAll(/^ *psql .*-c "(.*)"$/gm), ([, sql = ""]) => [sql]);
  return [...blocks, ...commands].flat().flatMap((statement) => (statement.trim() === "" ? [] : [statement.trim()]));
}

/** These have no plan. */
const withoutPlan = /^(?:vacuum \(freeze, verbose\)|checkpoint|commit prepared 'its name')$/;

describe("the SQL of the runbooks", () => {
  test("has a plan: what it names is there", async ({ store, sql, schema }) => {
    await store.highWaterMark();
    const planned: string[] = [];
    for await (const file of glob(join(import.meta.dirname, "runbooks/*.md"))) {
      for (const statement of statementsOf(await readFile(file, "utf8"))) {
        if (withoutPlan.test(statement)) continue;
        const here = statement.replaceAll("tidemark.", `"${schema.replaceAll('"', '""')}".`);
        await sql.query(`explain ${here}`).catch((error: unknown) => expect.fail(`${basename(file)}: ${statement}: ${String(error)}`));
        planned.push(basename(file));
      }
    }
    expect(new Set(planned)).toEqual(new Set(["disk-full.md", "mark-stands-still.md", "wraparound.md"]));
  });
});
