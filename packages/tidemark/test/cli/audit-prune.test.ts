import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type EventStore, openEventStore } from "tidemark";
import { describe, expect, test } from "../support/test.ts";
import { documentOf, type Ended, inside, type InsideOptions } from "./run.ts";

const entry = { action: "pause", subject: "consumer mailer" };
const old = "insert into %s.audit_entries (tenant, id, action, subject, begun_at) values ('', gen_random_uuid(), 'pause', 'consumer mailer', '2020-01-01'), ";
const ofAcme = "('acme', gen_random_uuid(), 'resume', 'consumer mailer', '2020-01-01')";

describe.for(["PostgreSQL", "PGlite"] as const)("tidemark audit prune on %s", (database) => {
  /** A store whose audit has an old entry of its own, an old one of a tenant, and one of now. An embedded one is open for one at a time. */
  const on = test.extend("on", async ({ databaseUrl, schema, openStore }, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-prune-"));
    onCleanup(() => rm(folder, { recursive: true, force: true }));
    const url = database === "PostgreSQL" ? databaseUrl : `file:${join(folder, "data")}`;
    if (database === "PostgreSQL") await openStore();
    const look = async <T>(work: (store: EventStore) => Promise<T>): Promise<T> => {
      await using store = await openEventStore(url, { schema });
      return await work(store);
    };
    await look(async (store) => {
      await store.transaction((tx) => tx.query((old + ofAcme).replace("%s", () => pg.escapeIdentifier(schema))));
      await store.audit.record(entry);
    });
    return {
      look,
      prune: (words: string, options?: InsideOptions): Promise<Ended> =>
        inside(["audit", "prune", "--schema", schema, ...words.split(" ")], { ...options, env: { DATABASE_URL: url } }),
    };
  });

  on("removes what is older than so many days, once that is confirmed, and stands in the audit itself", async ({ on: { look, prune } }) => {
    const asked = await prune("--keep-days 365");
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringMatching(/2 entries that began before \S+Z would be removed from the audit, for good\./)]);
    expect(await prune("--keep-days 365", { typed: "no\n" })).toMatchObject({ code: 1, stdout: "" });
    expect((await look((store) => store.audit.list({ action: "pause" }))).length).toBe(2);
    const { stdout } = await prune("--keep-days 365 --reason year", { typed: "yes\n" });
    expect(stdout).toMatch(/^2 entries that began before \S+Z are removed\.\n$/);
    const [pruned, ...others] = await look((store) => store.audit.list({ state: "done" }));
    expect([pruned, others]).toEqual([
      expect.objectContaining({ action: "prune", subject: "audit", actor: userInfo().username, reason: "year", parameters: { before: expect.any(String) } }),
      [],
    ]);
    expect(await look((store) => store.audit.list({ action: "pause" }))).toHaveLength(1);
    expect(await look((store) => store.forTenant("acme").audit.list())).toEqual([]);
  });

  on("says with --dry-run how many there are, and changes and writes nothing", async ({ on: { look, prune } }) => {
    expect((await prune("--keep-days 365 --dry-run")).stdout).toMatch(/^2 entries that began before \S+Z would be removed\.\n$/);
    expect(documentOf(await prune("--keep-days 365 --dry-run --json"))).toEqual({ dryRun: true, removed: 2, before: expect.stringMatching(/Z$/) });
    expect((await look((store) => store.audit.list())).map(({ action }) => action)).toEqual(["pause", "pause"]);
  });

  on("removes a tenant's own alone with --tenant, and says so as JSON", async ({ on: { look, prune } }) => {
    expect(documentOf(await prune("--keep-days 365 --tenant acme --yes --json"))).toEqual({ removed: 1, before: expect.stringMatching(/Z$/) });
    expect((await look((store) => store.audit.list())).map(({ action }) => action)).toEqual(["pause", "pause"]);
    expect(await look((store) => store.forTenant("acme").audit.list())).toMatchObject([{ action: "prune", state: "done" }]);
  });
});

test("tidemark audit prune needs to be told how many days are kept, one at least", async () => {
  for (const words of [[], ["--keep-days", "0"], ["--keep-days", "36501"], ["--keep-days", "x"]])
    expect(await inside(["audit", "prune", "--yes", ...words])).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("--keep-days") });
});
