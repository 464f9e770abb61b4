import { describe, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { documentOf, inside } from "./run.ts";

const of = (definitions: string): string => `
  import { z } from "zod";
  import { defineEvents, event, retired } from "tidemark";
  export const events = defineEvents({ ${definitions} });`;

const old = of(`ItemAdded: z.object({ sku: z.string() }), Confirmed: z.object({ at: z.string() }), Noted: event()`);

describe("tidemark events diff", () => {
  test("tells what each change needs, what to write, and what the old code reads, and exits with 1", async ({ catalogue }) => {
    const files = [
      await catalogue(old),
      await catalogue(of(`ItemAdded: z.object({ sku: z.string(), gift: z.boolean() }), Paid: z.object({ at: z.string() }), Noted: event()`)),
    ];
    const { code, stdout, stderr } = await inside(["events", "diff", ...files], { env: {} });
    expect(code).toBe(1);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^needs +done +old code +change$/),
      expect.stringMatching(/^default +no +reads +ItemAdded data.gift: is new, and always there$/),
      expect.stringMatching(/^rename +no +reads +Confirmed: is gone, but events of it are stored$/),
      expect.stringMatching(/^nothing +yes +unknown +Noted: cannot be compared/),
      expect.stringMatching(/^nothing +yes +refuses +Paid: is new$/),
      '"ItemAdded" needs version: 2, upcast: { 1: ({ data }) => ({ ...data, "gift": … }) }',
      '"Confirmed" needs Confirmed: retired(({ data }) => [{ type: "Paid", data }], { becomes: ["Paid"] })',
      "",
    ]);
    expect(stderr.split("\n")).toEqual([
      "4 changes. 2 changes lack what they need; 1 change the old code may not read while both run.",
      '1 type could not be compared: "Noted". Give each a schema with a JSON Schema, or examples in both catalogues.',
      "",
    ]);
    const json = await inside(["events", "diff", ...files, "--json"], { env: {} });
    expect([json.code, documentOf(json)]).toMatchObject([
      1,
      { done: false, rolling: false, uncompared: ["Noted"], changes: [{ type: "ItemAdded", path: "data.gift", needs: "default" }, {}, {}, {}] },
    ]);
  });

  test("exits with 0 where nothing is missing, and with --rolling only if the old code reads what the new code writes", async ({ catalogue }) => {
    const before = await catalogue(old);
    const same = await inside(["events", "diff", before, await catalogue(old), "--rolling"], { env: {} });
    expect(same.code).toBe(0);
    const optional = await catalogue(old.replace("sku: z.string()", "sku: z.string(), note: z.string().optional()"));
    expect((await inside(["events", "diff", before, optional, "--rolling"], { env: {} })).code).toBe(0);
    const raised = await catalogue(
      of(`
      ItemAdded: { schema: z.object({ sku: z.string(), gift: z.boolean() }), version: 2, upcast: { 1: ({ data }) => ({ ...data, gift: false }) } },
      Confirmed: retired(() => []), Noted: event()`),
    );
    const plain = await inside(["events", "diff", before, raised], { env: {} });
    expect([plain.code, plain.stderr]).toEqual([
      0,
      expect.stringMatching(
        /^4 changes\. The new catalogue has what they need; 2 changes the old code may not read while both run\.\n1 type could not be compared/,
      ),
    ]);
    expect((await inside(["events", "diff", before, raised, "--rolling"], { env: {} })).code).toBe(1);
    const only = of("ItemAdded: z.object({ sku: z.string() })");
    const nothing = await inside(["events", "diff", await catalogue(only), await catalogue(only)], { env: {} });
    expect([nothing.code, nothing.stdout, nothing.stderr]).toEqual([0, "", "The two catalogues read and write the same events.\n"]);
  });

  test("names the argument whose file is no catalogue", async ({ catalogue }) => {
    const { code, stderr } = await inside(["events", "diff", await catalogue(old), await catalogue("export const limit = 7;")], { env: {} });
    expect([code, stderr]).toEqual([2, expect.stringContaining("<new> exports no catalogue")]);
    expect((await inside(["events", "diff", "none.ts", "none.ts"], { env: {} })).stderr).toContain("<old> cannot be read");
  });
});
