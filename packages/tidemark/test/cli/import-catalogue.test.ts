import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openEventStore } from "../../src/index.ts";
import { describe, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { documentOf, documentsOf, inside } from "./run.ts";

const definitions = `
  import { z } from "zod";
  import { asDate, defineEvents, event, retired } from "tidemark";
  export const events = defineEvents({
    ItemAdded: {
      schema: z.object({ sku: z.string(), quantity: z.number().int().refine(async (n) => n > 0) }), version: 2,
      upcast: { 1: ({ data }) => ({ sku: data.item.trim(), quantity: 1 }) },
    },
    CartConfirmed: { schema: z.object({ at: z.date() }), stored: { at: asDate } },
    BasketFilled: retired(({ data }) => data.skus.map((sku) => ({ type: "ItemAdded", schemaVersion: 2, data: { sku, quantity: 1 } }))),
  });`;

const good = [
  { streamId: "cart-1", type: "ItemAdded", data: { item: "tea" } },
  { streamId: "cart-1", type: "ItemAdded", data: { sku: "jam", quantity: 2 }, schemaVersion: 2 },
  { streamId: "cart-1", type: "CartConfirmed", data: { at: "2026-05-01T00:00:00.000Z" } },
  { streamId: "cart-2", type: "BasketFilled", data: { skus: ["rye"] }, schemaVersion: 7 },
];
const bad: readonly (readonly [object, string])[] = [
  [{ streamId: "cart-1", type: "ItemAddd", data: {} }, 'is of type "ItemAddd", which the catalogue does not know; did you mean "ItemAdded"?'],
  [{ streamId: "cart-1", type: "ItemAdded", data: {}, schemaVersion: 3 }, 'has version 3 of "ItemAdded", but the catalogue knows no version after 2'],
  [{ streamId: "cart-1", type: "ItemAdded", data: {} }, 'step 1 of "ItemAdded" threw'],
  [{ streamId: "cart-1", type: "ItemAdded", data: { sku: 1, quantity: 1 }, schemaVersion: 2 }, 'The schema of "ItemAdded" refuses it: data.sku'],
  [{ streamId: "cart-1", type: "ItemAdded", data: { sku: "x", quantity: -1 }, schemaVersion: 2 }, 'The schema of "ItemAdded" refuses it: data.quantity'],
  [{ streamId: "cart-1", type: "CartConfirmed", data: { at: "yesterday" } }, "data.at does not fit its codec"],
  [{ streamId: "cart-2", type: "BasketFilled", data: {} }, 'the step of the retired type "BasketFilled" threw'],
];
const lines = (events: readonly object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join("");

describe("an import with a catalogue", () => {
  test.for(["server", "embedded"])(
    "takes what today's code can read, in whatever version, into the %s database; the rest are bad lines",
    async (kind, { databaseUrl, schema, catalogue }) => {
      const file = await catalogue(definitions);
      const url = kind === "server" ? databaseUrl : `file:${join(file, "../data")}`;
      const at = ["--url", url, "--schema", schema, "--catalogue", file];
      const badLines = join(file, "../bad.ndjson");
      const imported = await inside(["import", "-", "--bad-lines", badLines, "--json", ...at], { input: lines([...bad.map(([event]) => event), ...good]) });
      expect(documentOf(imported)).toMatchObject({ written: good.length, bad: bad.length });
      const reasons: unknown[] = documentsOf({ code: 0, stderr: "", stdout: await readFile(badLines, "utf8") });
      expect(reasons).toMatchObject(bad.map(([, reason], index) => ({ line: index + 1, reason: expect.stringContaining(reason) })));
      for (const reason of reasons) expect(reason).not.toMatchObject({ reason: expect.stringContaining("at position") });
      // Stored as they came.
      await using store = await openEventStore(url, { schema });
      expect(await store.readAll().toArray()).toMatchObject(good);
    },
  );

  test("stops at the first line that it cannot read, and says which", async ({ databaseUrl, schema, catalogue }) => {
    const at = ["--url", databaseUrl, "--schema", schema, "--catalogue", await catalogue(definitions)];
    const [broken] = bad.map(([event]) => event);
    const stopped = await inside(["import", "-", ...at], { input: lines([...good.slice(0, 2), broken ?? {}, ...good]) });
    expect(stopped).toMatchObject({ code: 1, stderr: expect.stringMatching(/Line 3: is of type "ItemAddd".*2 events were written\./) });
  });

  test("can leave the schemas out, but not without a catalogue", async ({ databaseUrl, schema, catalogue }) => {
    const at = ["--url", databaseUrl, "--schema", schema, "--catalogue", await catalogue(definitions)];
    const input = lines([{ streamId: "cart-1", type: "ItemAdded", data: { sku: "x", quantity: -1 }, schemaVersion: 2 }]);
    expect(documentOf(await inside(["import", "-", "--no-validate", "--json", ...at], { input }))).toMatchObject({ written: 1, bad: 0 });
    expect(await inside(["import", "-", "--no-validate", "--url", databaseUrl], { input })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--no-validate needs --catalogue"),
    });
  });
});
