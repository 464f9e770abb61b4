import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { openEventStore } from "tidemark";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { type RunOptions, start } from "./run.ts";

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** What it and the processes that it started have said so far. */
  said(): string;
}

/** `write`: writes a file into a folder beside this one. `run`: starts the command; ended after the test, in order, for it ends what it started. */
const test = base
  .extend("write", async ({}, { onCleanup }) => {
    const folder = join(import.meta.dirname, `.start-${process.pid}-${Math.random().toString(36).slice(2)}`);
    await mkdir(folder);
    onCleanup(() => rm(folder, { recursive: true }));
    return async (name: string, text: string): Promise<string> => {
      const file = join(folder, name);
      await writeFile(file, text);
      return file;
    };
  })
  .extend("run", ({}, { onCleanup }) => {
    const all: Running[] = [];
    onCleanup(async () => {
      for (const { child } of all) child.kill("SIGTERM");
      await Promise.all(all.map(({ ended }) => ended));
    });
    return (args: readonly string[], options: RunOptions): Running => {
      const child = start(args, options);
      let text = "";
      for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (more: string) => (text += more));
      const running = { child, ended: once(child, "close").then(([code]) => code), said: () => text };
      all.push(running);
      return running;
    };
  });

const moduleOf = (name: string): string => `
  import { defineConsumer } from "tidemark";
  export default defineConsumer({ name: ${JSON.stringify(name)}, handle: () => {} });`;

describe("tidemark worker --wait", () => {
  test("waits until somebody has created the schema, and tells once what it waits for", async ({ write, run, absentSchema: schema, databaseUrl }) => {
    const file = await write("consumers.ts", moduleOf("mailer"));
    const { child, ended, said } = run(["worker", file, "--wait", "--json", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    await eventually(() => expect(said()).toContain('"report":"waiting"'));
    const store = await openEventStore(databaseUrl, { schema });
    await store.close();
    await eventually(() => expect(said()).toContain('"report":"started"'));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(said().match(/"report":"waiting"/g)).toHaveLength(1);
    expect(said()).toContain('"code":"SCHEMA_OUTDATED"');
  });

  test("ends with the error once the time is over", async ({ write, run }) => {
    const file = await write("consumers.ts", moduleOf("mailer"));
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    taken.close();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { ended, said } = run(["worker", file, "--wait", "1"], { env: { DATABASE_URL: `postgres://localhost:${port}/none` } });
    expect(await ended).toBe(1);
    expect(said()).toMatch(/^Waiting for the database: .*\ntidemark: /);
  });
});

describe("tidemark worker --watch", () => {
  test("starts again when a source file changes, and ends in order", async ({ write, run, store, schema, databaseUrl }) => {
    void store;
    await write("name.ts", 'export const name: string = "first";');
    const file = await write(
      "consumers.ts",
      'import { defineConsumer } from "tidemark"; import { name } from "./name.ts"; export default defineConsumer({ name, handle: () => {} });',
    );
    const { child, ended, said } = run(["worker", file, "--watch", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    await eventually(() => expect(said()).toContain("Running first."));
    await write("notes.txt", "no source");
    await write("name.ts", 'export const name: string = "second";');
    await eventually(() => expect(said()).toContain("Running second."));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(said().match(/Stopped\./g)).toHaveLength(2);
    expect(said().match(/A file has changed/g)).toHaveLength(1);
  });

  test("waits for a change where the module is broken", async ({ write, run, store, schema, databaseUrl }) => {
    void store;
    const file = await write("consumers.ts", "export const = 7;");
    const { said } = run(["worker", file, "--watch", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    await eventually(() => expect(said()).toContain("The worker ended with 2. It starts again when a file changes."));
    await write("consumers.ts", moduleOf("mended"));
    await eventually(() => expect(said()).toContain("Running mended."));
  });
});
