import { onTestFinished } from "vitest";
import { openEventStore } from "../../src/index.ts";
import { describe, expect, failure, test } from "./test.ts";

function pretend(node: string): void {
  const { versions } = process;
  onTestFinished(() => void Object.defineProperty(process, "versions", { value: versions, configurable: true }));
  Object.defineProperty(process, "versions", { value: { ...versions, node }, configurable: true });
}

describe("openEventStore", () => {
  test.for(["20.20.2", "22.17.9"])("says that Node.js %s is too old, and opens nothing", async (version) => {
    pretend(version);
    expect(await failure(() => openEventStore("file:./never"))).toMatchObject({
      code: "INVALID_ARGUMENT",
      path: "process.version",
      message: expect.stringContaining(`tidemark needs Node.js 22.18 or later; this is ${version} (`),
    });
  });
});
