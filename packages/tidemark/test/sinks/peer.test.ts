import { describe, expect, test } from "vitest";
import { importPeer } from "../../src/sinks/peer.ts";

function anything(loaded: Readonly<Record<string, unknown>>): unknown {
  return loaded["connect"];
}

describe("the client of a broker", () => {
  test("that is not installed is named, with the command that installs it", async () => {
    await expect(importPeer("no-such-client", "Publishing to a broker", anything)).rejects.toMatchObject({
      code: "MISSING_DEPENDENCY",
      message: expect.stringMatching(/^Publishing to a broker .*npm install no-such-client/),
      cause: { code: "ERR_MODULE_NOT_FOUND" },
    });
  });

  test("that is another one than it should be counts as not installed", async () => {
    await expect(importPeer("node:path", "Publishing to a broker", anything)).rejects.toMatchObject({ code: "MISSING_DEPENDENCY" });
  });

  test("may have what is needed in its default export", async () => {
    expect(await importPeer("pg", "Publishing to a broker", ({ Client }) => Client)).toBeTypeOf("function");
  });
});
