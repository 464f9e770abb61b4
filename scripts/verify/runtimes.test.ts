import { expect, test } from "vitest";
import { outputOf, packageOutput } from "./output.ts";

const script = "scripts/verify/smoke.mjs";

test.each([
  ["Node.js 24", () => outputOf(script)],
  ["Bun 1.4", () => packageOutput("bun@1.4.5", "bun", script)],
  ["Deno 2.9", () => packageOutput("deno@2.9.6", "deno", "run", "--allow-all", script)],
])("%s opens an embedded store, appends and reads", async (_runtime, start) => {
  const lines = (await start()).trim().split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual({
    version: 1,
    events: [{ type: "ItemAdded", data: { sku: "A1", quantity: 2 }, position: expect.any(Number) }],
  });
});
