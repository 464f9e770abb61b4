import { describe, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { documentsOf, inside } from "./run.ts";

const text = `
  import { z } from "zod";
  import { type } from "arktype";
  import { defineEvents, event } from "tidemark";
  export const events = defineEvents({
    ItemAdded: { schema: z.object({ sku: z.string() }), version: 2, description: "An item.", upcast: { 1: ({ data }) => data } },
    ItemRemoved: type({ sku: "string" }),
    CartClosed: z.object({ at: z.date() }),
    Noted: event<{ text: string }>(),
  });`;

describe("tidemark events schema", () => {
  test("prints the JSON Schema of each type, or why there is none", async ({ catalogue }) => {
    const printed = await inside(["events", "schema", "--catalogue", await catalogue(text)], { env: {} });
    const sku = { type: "object", properties: { sku: { type: "string" } }, required: ["sku"] };
    expect([printed.code, documentsOf(printed)]).toMatchObject([
      0,
      [
        { type: "ItemAdded", schemaVersion: 2, description: "An item.", schema: sku },
        { type: "ItemRemoved", schemaVersion: 1, schema: sku },
        { type: "CartClosed", missing: expect.stringContaining("zod") },
        { type: "Noted", missing: expect.stringContaining("TypeScript") },
      ],
    ]);
  });
});
