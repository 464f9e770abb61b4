import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, test } from "../support/test.ts";
import { inside, start } from "./run.ts";

/** Lines of a process, as they come. */
function linesOf(stream: NodeJS.ReadableStream | null): AsyncIterator<string> {
  if (!stream) throw new Error("it has no such stream");
  return createInterface({ input: stream })[Symbol.asyncIterator]();
}

describe("tidemark tail", () => {
  test("prints what is written from then on, filtered, one document a line, until Ctrl-C", async ({ store, databaseUrl, schema }) => {
    await store.appendToStream("cart-1", [{ type: "Before", data: {} }]);
    const child = start(["tail", "--json", "--category", "cart", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    try {
      expect((await linesOf(child.stderr).next()).value).toBe("Following from position 1; Ctrl-C ends it.");
      const lines = linesOf(child.stdout);
      await store.appendToStream("order-1", [{ type: "Other", data: {} }]);
      for (const text of ["one", "two"]) {
        await store.appendToStream("cart-1", [{ type: "Noted", data: { text } }]);
        expect(JSON.parse((await lines.next()).value)).toMatchObject({ type: "Noted", data: { text }, streamId: "cart-1" });
      }
      const ended = once(child, "exit");
      child.kill("SIGINT");
      expect(await ended).toEqual([130, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("begins above a position, and ends when the reader of its pipe has enough", async ({ store, databaseUrl, schema }) => {
    for (let n = 0; n < 3; n++) await store.appendToStream("cart-1", [{ type: "Noted", data: { n } }]);
    const child = start(["tail", "--after", "1", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    try {
      const lines = linesOf(child.stdout);
      expect((await lines.next()).value).toMatch(/^2 .* cart-1 +2 +Noted +\{"n":1\}$/);
      expect((await lines.next()).value).toMatch(/^3 /);
      const ended = once(child, "exit");
      child.stdout?.destroy();
      await store.appendToStream("cart-1", [{ type: "Noted", data: {} }]);
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("refuses a tenant beside all of them", async () => {
    expect(await inside(["tail", "--tenant", "acme", "--all-tenants"])).toMatchObject({ code: 2, stdout: "" });
  });
});
