import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, test } from "../support/test.ts";
import { inside, start, tidemark } from "./run.ts";

const ping = {
  method: "POST",
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
};
const json = { "content-type": "application/json", accept: "application/json, text/event-stream" };

/** Runs with a package that cannot be found. */
function without(name: string): Readonly<Record<string, string>> {
  const hook = `import { registerHooks } from "node:module"; registerHooks({ resolve(name, context, next) { if (name === ${JSON.stringify(name)}) throw new Error("missing"); return next(name, context); } });`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
}

describe("tidemark mcp", () => {
  test("serves over HTTP, to those who send its token, until Ctrl-C, and offers changes only if told", async ({ store, databaseUrl, schema }) => {
    expect(await store.highWaterMark()).toBe(0);
    for (const [flags, changes] of [
      [[], false],
      [["--allow-changes"], true],
    ] as const) {
      const token = "t".repeat(32);
      const args = ["mcp", "--http", "--port", "0", "--json", "--no-config", "--schema", schema, ...flags];
      const child = start(args, { env: { DATABASE_URL: databaseUrl, TIDEMARK_MCP_TOKEN: token } });
      try {
        if (!child.stdout) throw new Error("it has no stdout");
        const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
        const told: { url: string; token: string } = JSON.parse(value ?? "{}");
        expect(told.token).toBe(token);
        expect((await fetch(told.url, { ...ping, headers: json })).status).toBe(401);
        const answer = await fetch(told.url, { ...ping, headers: { ...json, authorization: `Bearer ${token}` } });
        const tools = await answer.text();
        expect([tools.includes("read_stream"), tools.includes("discard_dead_letter")]).toEqual([true, changes]);
        const ended = once(child, "exit");
        child.kill("SIGINT");
        expect(await ended).toEqual([0, null]);
      } finally {
        child.kill("SIGKILL");
      }
    }
  });

  test("refuses a port that there is not, and a token that is too short", async ({ store, databaseUrl, schema }) => {
    expect(await inside(["mcp", "--http", "--port", "65536"])).toMatchObject({ code: 2, stdout: "" });
    expect(await store.highWaterMark()).toBe(0);
    const short = await inside(["mcp", "--http", "--no-config", "--schema", schema], { env: { DATABASE_URL: databaseUrl, TIDEMARK_MCP_TOKEN: "short" } });
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining("32 to 512 characters") });
  });

  test.for([
    ["@tidemark/studio/mcp", "npm install @tidemark/studio"],
    ["@modelcontextprotocol/server", "npm install @modelcontextprotocol/server"],
  ] as const)("says what to install where %s is missing", async ([name, command], { store, databaseUrl, schema }) => {
    expect(await store.highWaterMark()).toBe(0);
    const { code, stdout, stderr } = await tidemark(["mcp", "--no-config", "--schema", schema], { env: { DATABASE_URL: databaseUrl, ...without(name) } });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`Run: ${command}`);
  });
});
