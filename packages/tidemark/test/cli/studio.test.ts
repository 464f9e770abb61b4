import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, eventually, expect, test } from "../support/test.ts";
import { inside, start, tidemark } from "./run.ts";

/** As much of the studio's reports as is looked at. */
interface Report {
  readonly newest: { readonly id: string; readonly position: number };
  readonly causation: unknown;
}

/** What it prints first. */
async function addressOf({ stdout }: ReturnType<typeof start>): Promise<string> {
  if (!stdout) throw new Error("it has no stdout");
  const { value } = await createInterface({ input: stdout })[Symbol.asyncIterator]().next();
  const { url }: { url: string } = JSON.parse(value ?? "{}");
  return url;
}

describe("tidemark studio", () => {
  test("shows the store at the address that it prints, only with the token, until Ctrl-C", async ({ store, databaseUrl, schema }) => {
    await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    const child = start(["studio", "--port", "0", "--json", "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    try {
      const url = await addressOf(child);
      const token = new URL(url).searchParams.get("token");
      expect((await fetch(url)).status).toBe(200);
      const call = new URL("/api/stream?id=cart-1", url);
      expect((await fetch(call)).status).toBe(401);
      const report = await fetch(call, { headers: { authorization: `Bearer ${token}` } });
      expect(await report.json()).toMatchObject({ events: [{ type: "Opened" }] });
      const ended = once(child, "exit");
      child.kill("SIGINT");
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test.for([
    [[], "every tenant", [200, 200, 404]],
    [["--tenant", "acme"], "that tenant alone", [404, 404, 200]],
  ] as const)("with %j shows %s", async ([flags, , expected], { store, databaseUrl, schema }) => {
    await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    await store.forTenant("acme").appendToStream("order-7", [{ type: "Opened", data: {} }]);
    const child = start(["studio", "--port", "0", "--json", "--schema", schema, ...flags], { env: { DATABASE_URL: databaseUrl } });
    try {
      const url = await addressOf(child);
      const headers = { authorization: `Bearer ${new URL(url).searchParams.get("token")}` };
      const statuses = ["?id=cart-1&tenant=", "?id=order-7&tenant=acme", "?id=order-7"].map(
        async (query) => (await fetch(new URL(`/api/stream${query}`, url), { headers })).status,
      );
      expect(await Promise.all(statuses)).toEqual(expected);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("shows the state of streams by the deciders of the configuration", async ({ store, databaseUrl, schema, onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-studio-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    await writeFile(join(folder, "tidemark.config.js"), "export default { deciders: { cart: { initialState: () => 0, evolve: (n) => n + 41 } } };");
    const child = start(["studio", "--port", "0", "--json", "--schema", schema], { env: { DATABASE_URL: databaseUrl }, cwd: folder });
    try {
      const url = await addressOf(child);
      const headers = { authorization: `Bearer ${new URL(url).searchParams.get("token")}` };
      const report = await fetch(new URL("/api/state?id=cart-1", url), { headers });
      expect(await report.json()).toMatchObject({ version: 1, state: { before: "0", state: "41" } });
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("masks what the configuration says, in events and in states", async ({ store, databaseUrl, schema, onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), "tidemark-studio-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await store.appendToStream("cart-1", [{ type: "Opened", data: { email: "ada@example.com", plan: "pro" } }]);
    const config = `export default {
      deciders: { cart: { initialState: () => null, evolve: (_, { data }) => data } },
      mask: ({ category }) => (category === "cart" ? ["data.email"] : []),
      maskDerived: ({ kind, name, id, value }) => (kind === "state" && name === "cart" && id === "cart-1" && value !== null ? ["email"] : []),
    };`;
    await writeFile(join(folder, "tidemark.config.js"), config);
    const child = start(["studio", "--port", "0", "--json", "--schema", schema], { env: { DATABASE_URL: databaseUrl }, cwd: folder });
    try {
      const url = await addressOf(child);
      const headers = { authorization: `Bearer ${new URL(url).searchParams.get("token")}` };
      for (const path of ["/api/stream?id=cart-1", "/api/state?id=cart-1"]) {
        const report = await (await fetch(new URL(path, url), { headers })).text();
        expect([path, report.includes("ada@example.com"), report.includes("pro")]).toEqual([path, false, true]);
      }
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("refuses a port that there is not", async () => {
    expect(await inside(["studio", "--port", "65536"])).toMatchObject({ code: 2, stdout: "" });
  });

  test("says what to install where the package is missing, before it opens anything", async () => {
    const missing = `import { registerHooks } from "node:module"; registerHooks({ resolve(name, context, next) { if (name === "@tidemark/studio") throw new Error("missing"); return next(name, context); } });`;
    const { code, stderr } = await tidemark(["studio", "--url", "postgres://127.0.0.1:1/none"], {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(missing)}` },
    });
    expect(code).toBe(1);
    expect(stderr).toContain("Looking at a store in the browser needs the package @tidemark/studio. Run: npm install @tidemark/studio");
  });
});

test("tidemark demo --studio shows a shop whose customers go on, and each event because of the one before", async ({ databaseUrl, absentSchema }) => {
  const child = start(["demo", "--studio", "--events", "100", "--json", "--url", databaseUrl, "--schema", absentSchema]);
  try {
    if (!child.stderr) throw new Error("it has no stderr");
    let address = "";
    for await (const line of createInterface({ input: child.stderr })) {
      address = /http:\S+/.exec(line)?.[0] ?? "";
      if (address !== "") break;
    }
    const headers = { authorization: `Bearer ${new URL(address).searchParams.get("token")}` };
    const call = async (path: string): Promise<Report> => JSON.parse(await (await fetch(new URL(path, address), { headers })).text());
    await eventually(async () => expect((await call("/api/overview")).newest.position).toBeGreaterThan(101));
    const { newest } = await call("/api/overview");
    expect((await call(`/api/event?id=${newest.id}`)).causation).toMatchObject({ kind: "tree", causes: expect.any(Array) });
    const ended = once(child, "exit");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill("SIGKILL");
  }
});
