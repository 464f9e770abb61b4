import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudEvent } from "cloudevents";
import { openEventStore } from "../../src/index.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, inside } from "./run.ts";

const test = base.extend("folder", async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-cloudevents-"));
  onCleanup(() => rm(folder, { recursive: true }));
  return folder;
});

describe("CloudEvents", () => {
  test.for(["server", "embedded"])(
    "go out of the %s database and into another schema, as lines and as a batch",
    async (kind, { databaseUrl, schema, folder }) => {
      const at = ["--url", kind === "server" ? databaseUrl : `file:${join(folder, "data")}`];
      const event = (n: number): string =>
        `{"streamId":"cart-${n}","type":"ItemAdded","data":{"n":${n},"big":9007199254740993},"tags":["t"],"metadata":{"actorId":"ada"}}\n`;
      await inside(["import", "-", ...at, "--schema", schema], { input: event(1) + event(2) });
      const file = join(folder, "out.json");
      const exported = await inside([
        "export",
        file,
        "--format",
        "cloudevents",
        "--batch",
        "--source",
        "https://shop.example/carts",
        ...at,
        "--schema",
        schema,
      ]);
      expect(exported).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("2 events up to position 2 exported") });
      const batch: readonly Readonly<Record<string, unknown>>[] = JSON.parse(await readFile(file, "utf8"));
      expect(batch.map((document) => new CloudEvent(document))).toMatchObject([
        { source: "https://shop.example/carts", subject: "cart-1" },
        { subject: "cart-2" },
      ]);
      const lines = await inside(["export", "--format", "cloudevents", ...at, "--schema", schema]);
      expect(documentsOf(lines)).toMatchObject(batch.map(({ source: _source, ...rest }) => ({ ...rest, source: "tidemark" })));

      const copy = ["--schema", "copy of events", ...at];
      expect(documentOf(await inside(["import", file, "--format", "cloudevents", ...copy, "--json"]))).toMatchObject({ written: 2 });
      expect(documentOf(await inside(["import", "-", "--format", "cloudevents", ...copy, "--json"], { input: lines.stdout }))).toMatchObject({
        written: 0,
        repeated: 2,
      });
      expect((await inside(["export", ...copy])).stdout).toBe((await inside(["export", ...at, "--schema", schema])).stdout);
      await using store = await openEventStore(at[1], { schema: "copy of events" });
      expect(await store.readStream("cart-2").toArray()).toMatchObject([{ type: "ItemAdded", tags: ["t"], metadata: { actorId: "ada" }, position: 2 }]);
    },
  );

  test("that were cut short end the import with an error, also with --bad-lines", async ({ databaseUrl, schema, folder }) => {
    const file = join(folder, "cut.json");
    await writeFile(file, '[{"specversion":"1.0","id":"1","source":"s","type":"T"},{"specversion":"1.0","id":');
    const bad = join(folder, "bad.ndjson");
    const cut = await inside(["import", file, "--format", "cloudevents", "--bad-lines", bad, "--url", databaseUrl, "--schema", schema]);
    expect(cut).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "tidemark: Line 1: is in a batch that ends without its ], as a file that was cut short. 1 event was written. Nothing behind it was read.",
      ),
    });
    expect(JSON.parse(await readFile(bad, "utf8"))).toMatchObject({ line: 1 });
  });

  test.for<[string, readonly string[], string]>([
    ["a source for another format", ["export", "--source", "x"], "--source is for CloudEvents. Pass --format cloudevents, or leave it out."],
    ["a batch of another format", ["export", "--batch", "--format", "csv"], "--batch is for CloudEvents."],
    ["a source that is no URI", ["export", "--format", "cloudevents", "--source", "a b"], "--source must be a URI"],
    ["a mapping of columns", ["import", "-", "--format", "cloudevents", "--stream", "x"], "--stream is for CSV."],
  ])("refuse %s", async ([, args, message], { databaseUrl }) => {
    expect(await inside([...args, "--url", databaseUrl])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});
