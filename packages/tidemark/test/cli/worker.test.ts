import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside, start, tidemark } from "./run.ts";

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said so far. */
  readonly output: { stdout: string; stderr: string };
}

/** Modules beside this file, so that they import the library; killed and removed after the test. */
const test = base
  .extend("module", async ({}, { onCleanup }) => {
    const folder = join(import.meta.dirname, `.worker-${process.pid}-${Math.random().toString(36).slice(2)}`);
    await mkdir(folder);
    onCleanup(() => rm(folder, { recursive: true }));
    return async (text: string, name = "consumers.ts"): Promise<string> => {
      const file = join(folder, name);
      await writeFile(file, text);
      return file;
    };
  })
  .extend("work", ({ databaseUrl, schema, store }, { onCleanup }) => {
    // It creates the schema.
    void store;
    const children: ChildProcess[] = [];
    onCleanup(() => {
      for (const child of children) child.kill("SIGKILL");
    });
    return (file: string, ...args: readonly string[]): Running => {
      const child = start(["worker", file, ...args, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
      children.push(child);
      const output = { stdout: "", stderr: "" };
      child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
      child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
      const ended = once(child, "close").then(([code]): Ended => ({ code, ...output }));
      return { child, ended, output };
    };
  });

describe("tidemark worker", () => {
  test("runs the consumers that a module exports in any way, each once, and stops in order at SIGTERM", async ({ module, work, store }) => {
    await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
    const file = await module(`
      import { defineConsumer, type Consumer } from "tidemark";
      const named = (name: string): Consumer =>
        defineConsumer({ name, handle: async (event, context) => {
          if (event.type === "Noted") await context.appendToStream(\`by-\${name}\`, [{ type: "Handled", data: {} }]);
        } });
      export const mailer = named("mailer");
      export const others = [named("audit"), mailer];
      export const limit = 7;
      // What the module leaves open must not keep the process.
      setInterval(() => {}, 1_000);
      export default named("search");
    `);
    const { child, ended, output } = work(file, "--lease", "3");
    for (const name of ["mailer", "audit", "search"]) {
      await eventually(async () => expect((await store.streamInfo(`by-${name}`)).version).toBe(1));
    }
    // Handling begins before the first report.
    await eventually(() => expect(output.stderr).toMatch(/\nmailer: (starting|catching-up|live) at \d+/));
    child.kill("SIGTERM");
    const { code, stdout, stderr } = await ended;
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^Running search, mailer, audit. SIGTERM or Ctrl-C ends it.\n/);
    expect(stderr).toMatch(/\nStopping: handlers have 10 s to end. A second signal does not wait.\nStopped.\n$/);
    // It gave its shards back, rather than let their leases end.
    expect((await store.consumers.list()).map(({ state, shards }) => [state, shards[0]?.leaseEnd])).toEqual(["", "", ""].map(() => ["stopped", undefined]));
  });

  test("runs the projections of a module that exports nothing else", async ({ module, work, store }) => {
    await store.appendToStream("cart-1", [{ type: "Noted", data: { sku: "tea" } }]);
    const file = await module(`
      import { documentProjection } from "tidemark";
      const named = (name: string, mode: "inline" | "async") =>
        documentProjection<{ skus: string[] }>({ name, version: 1, mode, collection: name, handles: ["Noted"],
          documentId: (event) => event.streamId, evolve: (document) => ({ skus: [...(document?.skus ?? []), "tea"] }) });
      export const later = named("later", "async");
      export default [named("at-once", "inline")];
    `);
    const { child, ended, output } = work(file, "--json");
    const document = (name: string): Promise<unknown> => store.documents(name).get("cart-1");
    for (const name of ["later", "at-once"]) await eventually(async () => expect(await document(name)).toMatchObject({ skus: ["tea"] }));
    await eventually(() => expect(output.stdout).toContain('"projection":"at-once","version":1,"state":"live"'));
    child.kill("SIGTERM");
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ report: "started", consumers: [], projections: ["later", "at-once"] });
  });

  test("follows inline projections alone until appends write them", async ({ module, work, store }) => {
    const file = await module(`
      import { documentProjection } from "tidemark";
      export const counts = documentProjection<{ events: number }>({ name: "counts", version: 1, mode: "inline", collection: "counts", handles: ["Noted"],
        documentId: (event) => event.streamId, evolve: (document) => ({ events: (document?.events ?? 0) + 1 }) });
    `);
    const { child, ended } = work(file);
    await eventually(async () => expect((await store.projections.get("counts")).state).toBe("live"));
    // A store without it leaves it behind; the worker brings it up to date.
    const { position } = await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
    await store.waitFor("counts", position, { timeoutMs: 60_000 });
    await eventually(async () => expect((await store.projections.get("counts")).state).toBe("live"));
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Running counts\. .*\n.*Stopped\.\n$/s) });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ events: 1 });
  });

  test("tells states and failures, as documents with --json", async ({ module, work, store }) => {
    await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
    const file = await module(`
      import { defineConsumer } from "tidemark";
      export default defineConsumer({ name: "mailer", retry: { attempts: 1 }, onFailure: "stop", handle() { throw new Error("no mail"); } });
    `);
    const { child, ended, output } = work(file, "--json");
    await eventually(() => expect(output.stdout).toContain('"state":"failed"'));
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const reports: unknown[] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(reports[0]).toEqual({ report: "started", at: expect.stringMatching(/^20.*Z$/), consumers: ["mailer"], projections: [], processes: [], relays: [] });
    expect(reports).toContainEqual(
      expect.objectContaining({ report: "error", code: "HANDLER_FAILED", consumer: "mailer", position: 1, message: expect.stringContaining("no mail") }),
    );
    expect(reports).toContainEqual(
      expect.objectContaining({ report: "state", consumer: "mailer", state: "failed", position: 0, lag: expect.objectContaining({ events: 1 }) }),
    );
    expect(reports.at(-1)).toMatchObject({ report: "stopped" });
  });

  const stuck = `
    import { defineConsumer } from "tidemark";
    export default defineConsumer({ name: "mailer", handle: async () => { console.error("handling"); await new Promise(() => {}); } });
  `;

  test("aborts handlers when --timeout is over", async ({ module, work, store }) => {
    await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
    const { child, ended, output } = work(await module(stuck), "--timeout", "1");
    await eventually(() => expect(output.stderr).toContain("handling"));
    child.kill("SIGTERM");
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/Stopping: handlers have 1 s to end.*\nHandlers that still ran after 1 s were aborted: their events come again.\nStopped.\n$/);
    expect(await store.consumers.get("mailer")).toMatchObject({ state: "stopped", lag: { events: 1 } });
  });

  test("does not wait for handlers at a second signal, and ends with 130", async ({ module, work, store }) => {
    await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
    const { child, ended, output } = work(await module(stuck), "--timeout", "86400");
    await eventually(() => expect(output.stderr).toContain("handling"));
    child.kill("SIGINT");
    await eventually(() => expect(output.stderr).toContain("Stopping"));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/\ntidemark: Stopped without waiting for handlers: their events come again.\n$/),
    });
    expect(await store.consumers.get("mailer")).toMatchObject({ state: "stopped", lag: { events: 1 } });
  });
});

describe("a module that is no use to tidemark worker ends it with 2, and says why", () => {
  test.for([
    [
      "export function handle() {}\nexport const consumers = [];\nexport const url = 'x';",
      "exports no consumer, no projection, no process and no relay: it exports consumers (an array of 0), handle (a function), url (a string). Export what",
    ],
    ["throw new Error('no settings');", "<file> cannot be loaded: Error: no settings"],
    ["export const a = ;", "To see the place: node "],
    [
      "class DefinedConsumer { kind = 'consumer'; name = 'mailer'; }\nexport default new DefinedConsumer();",
      "exports a consumer, a projection, a process or a relay of another copy of tidemark",
    ],
    [
      "class DefinedDocumentProjection { name = 'carts'; }\nexport default new DefinedDocumentProjection();",
      "exports a consumer, a projection, a process or a relay of another copy of tidemark",
    ],
    [
      "import { defineConsumer } from 'tidemark';\nconst twice = () => defineConsumer({ name: 'mailer', handle() {} });\nexport default [twice(), twice()];",
      '<file> holds "mailer" twice',
    ],
  ] as const)("%j", async ([text, told], { module, databaseUrl, schema, store }) => {
    void store;
    const file = await module(text, "consumers.mjs");
    const { code, stdout, stderr } = await tidemark(["worker", file, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(told);
  });

  test("a file that is not there", async () => {
    const ended = await inside(["worker", "nowhere/consumers.ts", "--json"]);
    expect([ended.code, documentOf(ended)]).toMatchObject([
      2,
      { error: { code: "INVALID_ARGUMENT", message: expect.stringContaining("<file> cannot be read") } },
    ]);
  });
});
