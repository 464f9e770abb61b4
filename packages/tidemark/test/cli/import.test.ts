import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { openEventStore } from "../../src/index.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { documentOf, inside, start, tidemark } from "./run.ts";

const test = base
  .extend("folder", async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-import-"));
    onCleanup(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend("at", ({ databaseUrl, schema }) => ["--url", databaseUrl, "--schema", schema]);

/** A history of files as a version control system tells it, with rows that are awkward. */
function history(rows: number): string {
  const changes = ["FileAdded", "FileModified", "FileRenamed"];
  const paths = ["core/pom.xml", "docs/über uns.md", 'a "quoted", name', "a, b.txt", "=SUM(A1)"];
  const quote = (field: string): string => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const records = Array.from({ length: rows }, (_, n) => {
    const path = `${paths[n % paths.length]}${n % 17}`;
    return [
      `2010-01-19T${String(n % 24).padStart(2, "0")}:39:18+00:00`,
      `c${Math.floor(n / 3)}`,
      changes[n % 3] ?? "",
      path,
      n % 3 === 2 ? 'old\nname, "quoted"' : "",
    ]
      .map(quote)
      .join(",");
  });
  return ["committed_at,commit,change,path,from", ...records, ""].join("\r\n");
}

const mapping = ["--stream", "file-{path}", "--type", "{change}", "--time", "committed_at"];

describe("a CSV file of one's own", () => {
  test.for(["server", "embedded"])("becomes streams with one command on the %s database, and is read back", async (kind, { databaseUrl, schema, folder }) => {
    const url = kind === "server" ? databaseUrl : `file:${join(folder, "data")}`;
    const at = ["--url", url, "--schema", schema];
    await writeFile(join(folder, "history.csv.gz"), gzipSync(`\ufeff${history(300)}`));
    const imported = await tidemark(["import", "history.csv.gz", ...mapping, ...at], { cwd: folder });
    expect(imported.stderr).not.toContain("tidemark: Line");
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringMatching(/^300 events written in .* a second\.\nThe last event is at position 300\.\n/) });
    expect(documentOf(await tidemark(["import", "history.csv.gz", ...mapping, ...at, "--json"], { cwd: folder }))).toEqual({
      written: 0,
      repeated: 300,
      bad: 0,
      renumbered: 0,
      lastPosition: null,
      positions: "new",
    });
    await using store = await openEventStore(url, { schema });
    const stream = await store.readStream('file-a "quoted", name2').toArray();
    expect(stream.map(({ version }) => version)).toEqual(stream.map((_, n) => n + 1));
    expect(stream[0]).toMatchObject({ type: "FileRenamed", data: { commit: "c0", from: 'old\nname, "quoted"' }, recordedAt: new Date("2010-01-19T02:39:18Z") });
    expect(await store.readAll({ filter: { types: ["FileAdded"] } }).toArray()).toHaveLength(100);
    expect(await store.readAll().toArray()).toHaveLength(300);
  });
});

describe("an import that is killed", () => {
  test("goes on when it is started again, into the log that one run would have made", async ({ at, schema, databaseUrl, sql, folder }) => {
    const csv = history(30_000);
    await writeFile(join(folder, "history.csv"), csv);
    const child = start(["import", "-", "--format", "csv", ...mapping, ...at], {}, ["pipe", "ignore", "inherit"]);
    // The rest never comes: the process is killed while it waits, with groups committed before.
    child.stdin?.on("error", () => {});
    child.stdin?.write(csv.slice(0, csv.length / 2));
    await using store = await openEventStore(databaseUrl, { schema });
    await eventually(async () => expect(await store.highWaterMark()).toBeGreaterThan(0));
    child.kill("SIGKILL");
    await once(child, "exit");
    await eventually(async () =>
      expect(
        (
          await sql.query(
            "select 1 from pg_stat_activity where datname = current_database() and query like '%import_events%' and state = 'active' and pid <> pg_backend_pid()",
          )
        ).rowCount,
      ).toBe(0),
    );
    const before = await store.highWaterMark();
    expect(before).toBeLessThan(30_000);
    const resumed = documentOf(await tidemark(["import", "history.csv", ...mapping, ...at, "--json"], { cwd: folder }));
    expect(resumed).toMatchObject({ written: 30_000 - before, repeated: before });

    const other = ["--url", databaseUrl, "--schema", `${schema} at once`];
    await tidemark(["import", "history.csv", ...mapping, ...other], { cwd: folder });
    const [inTwo, atOnce] = await Promise.all([at, other].map((where) => tidemark(["export", ...where])));
    expect(inTwo?.stdout).toBe(atOnce?.stdout);
  });

  test("by Ctrl-C ends the group under way, tells what is written and ends with 130", async ({ at, schema, databaseUrl }) => {
    const child = start(["import", "-", "--format", "csv", ...mapping, ...at], {}, ["pipe", "pipe", "pipe"]);
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin?.on("error", () => {});
    child.stdin?.write(history(6_000));
    await using store = await openEventStore(databaseUrl, { schema });
    await eventually(async () => expect(await store.highWaterMark()).toBe(4_000));
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect([code, stderr]).toEqual([130, expect.stringContaining("4000 events were written. Run the same command again to continue.")]);
  });
});

describe("bad lines", () => {
  const file = '{"streamId":"s","type":"T","data":1}\nnonsense\n{"streamId":"s","type":"T","data":3}\n';

  test("end an import with 1, number and reason, and nothing after them is written", async ({ at, folder }) => {
    await writeFile(join(folder, "events.ndjson"), file);
    const ended = await tidemark(["import", "events.ndjson", ...at], { cwd: folder });
    expect([ended.code, ended.stdout]).toEqual([1, ""]);
    expect(ended.stderr).toMatch(/Line 2: is not JSON: .* 1 event was written\./);
    expect((await tidemark(["export", ...at])).stdout.trim().split("\n")).toHaveLength(1);
    const json = await tidemark(["import", "events.ndjson", ...at, "--json"], { cwd: folder });
    expect([json.code, documentOf(json)]).toMatchObject([1, { error: { code: "BAD_LINE" } }]);
  });

  test("are left out and told, or set aside in a file that is written anew each time", async ({ at, folder }) => {
    await writeFile(join(folder, "events.ndjson"), file);
    const skipped = await tidemark(["import", "events.ndjson", "--on-bad-line", "skip", ...at], { cwd: folder });
    expect(skipped).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("1 bad line was left out"),
      stderr: expect.stringContaining("line 2 is left out: is not JSON"),
    });
    for (const written of [0, 0]) {
      const aside = await tidemark(["import", "events.ndjson", "--bad-lines", "bad.ndjson", "--json", ...at], { cwd: folder });
      expect([aside.code, documentOf(aside)]).toMatchObject([0, { written, repeated: 2, bad: 1 }]);
      const set: unknown = JSON.parse(await readFile(join(folder, "bad.ndjson"), "utf8"));
      expect(set).toEqual({ line: 2, reason: expect.stringContaining("is not JSON"), text: "nonsense" });
    }
  });

  test("are never set aside over a file that holds something else", async ({ at, folder }) => {
    await writeFile(join(folder, "events.ndjson"), file);
    const ended = await tidemark(["import", "events.ndjson", "--bad-lines", "events.ndjson", ...at], { cwd: folder });
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("names a file with other content")]);
    expect(await readFile(join(folder, "events.ndjson"), "utf8")).toBe(file);
  });
});

test("a file that cannot be read to its end is refused with what is wrong", async ({ at, folder }) => {
  const packed = gzipSync('{"streamId":"s","type":"T","data":1}\n'.repeat(2_000));
  await writeFile(join(folder, "short.ndjson.gz"), packed.subarray(0, 120));
  const ended = await tidemark(["import", "short.ndjson.gz", ...at], { cwd: folder });
  expect([ended.code, ended.stdout]).toEqual([2, ""]);
  expect(ended.stderr).toContain("ends in the middle of its gzip data");
  expect(ended.stderr).not.toContain("    at ");
});

describe("wrong usage", () => {
  test.for([
    { args: ["--omit-empty"], told: "--omit-empty is for CSV" },
    { args: ["--bad-lines", "b", "--on-bad-line", "stop"], told: "--bad-lines writes bad lines to a file and continues" },
  ])("$args", async ({ args, told }, { at }) => {
    const ended = await tidemark(["import", "-", ...args, ...at]);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(told)]);
  });
});

describe("tidemark export", () => {
  const events = Array.from({ length: 9 }, (_, n) => ({
    streamId: `cart-${n % 2}`,
    type: n % 3 ? "A" : "B",
    data: { n },
    tags: [`n:${n}`],
    tenant: n === 8 ? "acme" : "",
  }));
  const file = events.map((event) => `${JSON.stringify(event)}\n`).join("");

  test("writes a file that appears whole, packed by its name, and never over another", async ({ at, folder }) => {
    await writeFile(join(folder, "in.ndjson"), file);
    await tidemark(["import", "in.ndjson", ...at], { cwd: folder });
    const plain = (await tidemark(["export", "--all-tenants", ...at])).stdout;
    const packed = await tidemark(["export", "out.ndjson.gz", "--all-tenants", ...at], { cwd: folder });
    expect(packed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^9 events up to position 9 exported in /) });
    expect(gunzipSync(await readFile(join(folder, "out.ndjson.gz"))).toString()).toBe(plain);
    expect(existsSync(join(folder, "out.ndjson.gz.partial"))).toBe(false);
    const again = await tidemark(["export", "out.ndjson.gz", ...at], { cwd: folder });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("already exists")]);
    expect(documentOf(await tidemark(["export", "out.ndjson.gz", "--force", "--json", ...at], { cwd: folder }))).toEqual({ events: 8, position: 9 });
  });

  test("leaves out what its options leave out", async ({ at, folder }) => {
    await writeFile(join(folder, "in.ndjson"), file);
    await tidemark(["import", "in.ndjson", ...at], { cwd: folder });
    const numbers = async (...flags: string[]): Promise<number[]> =>
      Array.from((await tidemark(["export", ...flags, ...at])).stdout.matchAll(/"n": (\d)/g), ([, n]) => Number(n));
    expect(await numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await numbers("--tenant", "acme")).toEqual([8]);
    expect(await numbers("--type", "B")).toEqual([0, 3, 6]);
    expect(await numbers("--stream", "cart-1", "--after", "2", "--until", "6")).toEqual([3, 5]);
    expect(await numbers("--tag", "n:4", "--category", "cart")).toEqual([4]);
  });

  test("refuses what cannot be, and a folder that it cannot write to", async ({ at, folder }) => {
    await tidemark(["migrate", "up", ...at]);
    for (const [args, code, told] of [
      [["--json"], 2, "Name a file for the events"],
      [["--tenant", "a", "--all-tenants"], 2, "exclude each other"],
      [["--category", "a-b"], 2, "--category holds a"],
      [[join(folder, "no", "such.ndjson")], 1, "could not be written: ENOENT"],
    ] as const) {
      const ended = await tidemark(["export", ...args, ...at]);
      expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(told)]);
      expect(ended.stderr).not.toContain("    at ");
    }
  });

  test("ends well when the reader of its pipe has enough", async ({ at, folder }) => {
    await writeFile(join(folder, "in.csv"), history(20_000));
    await tidemark(["import", "in.csv", ...mapping, ...at], { cwd: folder });
    const child = start(["export", ...at], {}, ["ignore", "pipe", "pipe"]);
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("tidemark import --projections", () => {
  const moduleOf = (index: string): string => `
    import { documentProjection } from ${JSON.stringify(index)};
    export const counted = documentProjection({
      name: "counted", mode: "inline", collection: "counted", handles: ["A", "Broken"], documentId: ({ streamId }) => streamId,
      evolve: (document, { type }) => {
        if (type === "Broken") throw new Error("too broken");
        return { n: (document?.n ?? 0) + 1 };
      },
    });`;

  test("leaves none of them behind, and tells of one that cannot take an event", async ({ at, folder, openStore }) => {
    const index = new URL("../../src/index.ts", import.meta.url).href;
    const module = join(folder, "projections.mjs");
    await writeFile(module, moduleOf(index));
    const { counted } = await import(module);
    const line = (streamId: string, type: string): string => `${JSON.stringify({ streamId, type, data: {} })}\n`;
    const file = join(folder, "events.ndjson");
    await writeFile(file, line("s-1", "A").repeat(700) + line("s-2", "A"));
    const first = await tidemark(["import", file, ...at, "--projections", module]);
    expect(first).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("behind"),
      stdout: expect.stringContaining("1 inline projection is up to date."),
    });
    const store = await openStore();
    expect(await store.projections.get("counted")).toMatchObject({ lag: { events: 0 } });
    expect(await store.documents(counted).getMany(["s-1", "s-2"])).toMatchObject([{ n: 700 }, { n: 1 }]);

    await writeFile(file, line("s-3", "A") + line("s-4", "Broken"));
    const { code, stderr } = await tidemark(["import", file, ...at, "--projections", module]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/too broken.*The events are written.*tidemark projections show counted/s)]);
    expect(await store.streamInfo("s-4")).toMatchObject({ version: 1 });
    await store.projections.deactivate("counted");
  });

  test("refuses a module without one before it writes", async ({ databaseUrl, folder, sql, absentSchema }) => {
    const file = join(folder, "events.ndjson");
    await writeFile(file, `${JSON.stringify({ streamId: "s-1", type: "A", data: {} })}\n`);
    await writeFile(join(folder, "nothing.mjs"), "export const a = 1;");
    const { code, stderr } = await inside(["import", file, "--url", databaseUrl, "--schema", absentSchema, "--projections", join(folder, "nothing.mjs")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--projections exports no consumer, no projection, no process and no relay")]);
    expect((await sql.query("select 1 from pg_namespace where nspname = $1", [absentSchema])).rows).toEqual([]);
  });
});
