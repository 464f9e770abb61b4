import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asDate, defineEvents, type EventDefinition, retired, type RetiredEvent, type StandardSchema } from "tidemark";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DefinedEvents } from "../packages/tidemark/src/catalogue/defined-events.ts";
import { diffCatalogues } from "../packages/tidemark/src/catalogue/diff/diff-catalogues.ts";

const page = await readFile(join(import.meta.dirname, "guides/changing-events.md"), "utf8");
const rows = Array.from(page.matchAll(/^\| ([^|]+) \| (\w+) \| (\w+) \|$/gm), ([, change = "", needs = "", oldCode = ""]) => ({ change, needs, oldCode }));

// oxlint-disable-next-line typescript/no-explicit-any -- definitions of any shape
type Definition = StandardSchema<any, any> | EventDefinition<StandardSchema<any, any>> | RetiredEvent;
type Definitions = Readonly<Record<string, Definition>>;
const item = (fields: z.ZodRawShape): Definitions => ({ ItemAdded: z.object({ sku: z.string(), ...fields }) });
const second = { ItemAdded: { schema: z.object({ sku: z.string() }), version: 2, upcast: { 1: ({ data }: { data: object }) => data } } };

/** An example of each change in the page's table. */
const changes: Readonly<Record<string, readonly [old: Definitions, now: Definitions]>> = {
  "a new field that is optional": [item({}), item({ n: z.number().optional() })],
  "a new field that is always there": [item({}), item({ n: z.number() })],
  "a field that was always there is gone": [item({ n: z.number() }), item({})],
  "an optional field is gone": [item({ n: z.number().optional() }), item({})],
  "an optional field is always there": [item({ n: z.number().optional() }), item({ n: z.number() })],
  "a field that was always there is optional": [item({ n: z.number() }), item({ n: z.number().optional() })],
  "a field has a new name": [item({ n: z.number() }), item({ count: z.number() })],
  "a field is of another type": [item({ n: z.number() }), item({ n: z.string() })],
  "a field can also be null": [item({ n: z.number() }), item({ n: z.number().nullable() })],
  "a list of values has one more": [item({ n: z.enum(["a"]) }), item({ n: z.enum(["a", "b"]) })],
  "a list of values has one less": [item({ n: z.enum(["a", "b"]) }), item({ n: z.enum(["a"]) })],
  "a wider bound, such as a longer text": [item({ n: z.string().max(5) }), item({ n: z.string().max(9) })],
  "a tighter bound": [item({ n: z.string().max(9) }), item({ n: z.string().max(5) })],
  "a field is stored in another form (`stored`)": [
    { ItemAdded: z.object({ at: z.number() }) },
    { ItemAdded: { schema: z.object({ at: z.date() }), stored: { at: asDate } } },
  ],
  "a new type": [{}, item({})],
  "a type is renamed, split, merged or dropped": [item({}), { ItemAdded: retired(() => []) }],
  "a version is lowered": [second, item({})],
};

function defined(definitions: Definitions): DefinedEvents {
  const catalogue: unknown = defineEvents(definitions);
  if (catalogue instanceof DefinedEvents) return catalogue;
  throw new Error("no catalogue");
}

describe("the table of changes", () => {
  test("has an example of each row", () => {
    expect(rows.map(({ change }) => change)).toEqual(Object.keys(changes));
  });

  test.for(rows)("$change: $needs, $oldCode", async ({ change, needs, oldCode }) => {
    const [old, now] = changes[change] ?? [{}, {}];
    expect(await diffCatalogues(defined(old), defined(now))).toEqual([expect.objectContaining({ type: "ItemAdded", needs, oldCode })]);
  });
});
