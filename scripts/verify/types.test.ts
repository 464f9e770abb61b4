import { describe, expect, test } from "vitest";
import { outputOf } from "./output.ts";

const compilers = { "TypeScript 7": "node_modules/typescript/bin/tsc", "TypeScript 5.9": "node_modules/typescript-5/bin/tsc" };

describe.each(Object.entries(compilers))("the published declarations under %s", (_name, tsc) => {
  test.each(["true", "false"])("give users the types they expect with exactOptionalPropertyTypes %s", async (exact) => {
    expect(await outputOf(tsc, "-p", "packages/tidemark/test/types", "--exactOptionalPropertyTypes", exact)).toBe("");
  });
});
