import { once } from "node:events";
import { createServer } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProxy, startServer, type Message, type Proxy, type Server } from "../src/index.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ settings: { fsync: "off" } });
  await query(server.url, "create table marks (n int)");
});
afterAll(() => server[Symbol.asyncDispose]());

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = await connect(url);
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

function holds(text: string): (message: Message) => boolean {
  return ({ bytes }) => bytes.includes(text);
}

async function withProxy(work: (proxy: Proxy, client: pg.Client) => Promise<void>): Promise<void> {
  await using proxy = await startProxy({ port: server.port });
  const client = await connect(proxy.through(server.url));
  await work(proxy, client);
}

describe("a proxy without rules", () => {
  test("carries messages of every size, pipelined and prepared", () =>
    withProxy(async (proxy) => {
      const client = new pg.Client({ connectionString: proxy.through(server.url), pipeline: true });
      await client.connect();
      const sizes = [0, 1, 70_000, 3_000_000];
      const results = sizes.map((size) => client.query<{ text: string }>({ name: "echo", text: "select $1::text as text", values: ["é".repeat(size)] }));
      const rows = await Promise.all(results);
      expect(rows.map(({ rows: [row] }) => row?.text.length)).toEqual(sizes);
      await client.end();
    }));

  test("answers a client that asks for encryption that there is none", () =>
    withProxy(async (proxy) => {
      const client = new pg.Client({ connectionString: proxy.through(server.url), ssl: true });
      await expect(client.connect()).rejects.toThrow("does not support SSL");
    }));

  test("forgets connections that end", () =>
    withProxy(async (proxy, client) => {
      expect(proxy.connections()).toBe(1);
      await client.end();
      await expect.poll(proxy.connections, { timeout: 60_000 }).toBe(0);
    }));
});

describe("a proxy that is aimed at another server", () => {
  test("sends new connections there, and leaves the old ones where they are", () =>
    withProxy(async (proxy, client) => {
      await using other = await startServer({ settings: { fsync: "off" } });
      proxy.aim(other.port);
      const portOf = "select current_setting('port') as port";
      expect(await query(proxy.through(other.url), portOf)).toEqual([{ port: `${other.port}` }]);
      expect((await client.query(portOf)).rows).toEqual([{ port: `${server.port}` }]);
    }));
});

describe("a rule", () => {
  test("sees every message with its name and place", () =>
    withProxy(async (proxy) => {
      const seen: string[] = [];
      proxy.on("frontend", ({ connection, index, type, name }) => void seen.push(`${connection}.${index} ${type} ${name}`));
      await query(proxy.through(server.url), "select 1");
      expect(seen).toEqual(["1.0  StartupMessage", "1.1 p PasswordMessage", "1.2 p PasswordMessage", "1.3 Q Query", "1.4 X Terminate"]);
    }));

  test("drops the connection before a commit, which then never happens", () =>
    withProxy(async (proxy, client) => {
      proxy.on("frontend", (message) => (holds("commit")(message) ? "drop-connection-before" : "pass"));
      await client.query("begin; insert into marks values (1)");
      await expect(client.query("commit")).rejects.toThrow("Connection terminated unexpectedly");
      expect(await query(server.url, "select n from marks where n = 1")).toEqual([]);
    }));

  test("drops the connection after a commit, which then happens although nobody hears of it", () =>
    withProxy(async (proxy, client) => {
      proxy.on("frontend", (message) => (holds("commit")(message) ? "drop-connection-after" : "pass"));
      await client.query("begin; insert into marks values (2)");
      await expect(client.query("commit")).rejects.toThrow("Connection terminated unexpectedly");
      await expect.poll(() => query(server.url, "select n from marks where n = 2"), { timeout: 60_000 }).toEqual([{ n: 2 }]);
    }));

  test("drops the connection after a reply, which then arrives", () =>
    withProxy(async (proxy, client) => {
      const ended = new Promise<void>((resolve) => void client.on("end", resolve));
      proxy.on("backend", ({ name }) => (name === "ReadyForQuery" ? "drop-connection-after" : "pass"));
      expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
      await ended;
    }));

  test("swallows a reply: the statement has happened, and both ends still believe in each other", () =>
    withProxy(async (proxy, client) => {
      let fallSilent = (): void => undefined;
      const silent = new Promise<void>((resolve) => (fallSilent = resolve));
      proxy.on("backend", ({ name }) => {
        if (name !== "CommandComplete") return "pass";
        fallSilent();
        return "swallow";
      });
      let answered = false;
      const insert = client.query("insert into marks values (3)").then(
        () => (answered = true),
        (error: Error) => error.message,
      );
      await silent;
      expect(await query(server.url, "select n from marks where n = 3")).toEqual([{ n: 3 }]);
      expect([proxy.connections(), answered]).toEqual([1, false]);
      proxy.cutAll();
      expect(await insert).toBe("Connection terminated unexpectedly");
    }));

  test("half-closes a connection: the server is told that nothing more comes, and has answered before", () =>
    withProxy(async (proxy, client) => {
      const ended = new Promise<void>((resolve) => void client.on("end", resolve));
      proxy.on("frontend", (message) => (holds("values (5)")(message) ? "half-close" : "pass"));
      const insert = client.query("insert into marks values (5)");
      await expect(insert).rejects.toThrow("Connection terminated unexpectedly");
      await ended;
      expect(await query(server.url, "select n from marks where n = 5")).toEqual([]);
    }));

  test("half-closes a reply: the statement has happened, and the client hears only the end", () =>
    withProxy(async (proxy, client) => {
      proxy.on("backend", ({ name }) => (name === "CommandComplete" ? "half-close" : "pass"));
      await expect(client.query("insert into marks values (6)")).rejects.toThrow("Connection terminated unexpectedly");
      expect(await query(server.url, "select n from marks where n = 6")).toEqual([{ n: 6 }]);
    }));

  test("holds a message and all behind it until its promise resolves", () =>
    withProxy(async (proxy, client) => {
      let open = (): void => undefined;
      const gate = new Promise<"pass">((resolve) => (open = () => resolve("pass")));
      let reached = (): void => undefined;
      const held = new Promise<void>((resolve) => (reached = resolve));
      proxy.on("frontend", (message) => {
        if (!holds("values (4)")(message)) return "pass";
        reached();
        return gate;
      });
      const insert = client.query("insert into marks values (4)");
      await held;
      expect(await query(server.url, "select n from marks where n = 4")).toEqual([]);
      open();
      expect((await insert).rowCount).toBe(1);
    }));

  test("rules no longer once it is removed", () =>
    withProxy(async (proxy, client) => {
      const remove = proxy.on("frontend", () => "drop-connection-before");
      remove();
      expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
    }));
});

describe("a proxy that refuses", () => {
  test("ends what is open and what is opened, and keeps its port until it is closed", () =>
    withProxy(async (proxy, client) => {
      let seen = 0;
      proxy.on("frontend", () => void seen++);
      const ended = new Promise<void>((resolve) => void client.on("end", resolve));
      proxy.refuseAll();
      await ended;
      await expect(connect(proxy.through(server.url))).rejects.toThrow(/ECONNRESET|EPIPE|Connection terminated unexpectedly/);
      expect(seen).toBe(0);
      const other = createServer();
      const taken = once(other, "error");
      other.listen(proxy.port, "127.0.0.1");
      expect(await taken).toMatchObject([{ code: "EADDRINUSE" }]);
    }));
});

describe("a server that goes away", () => {
  test("refuses connections, and is found again by the same proxy when it is back", () =>
    withProxy(async (proxy) => {
      await server.kill();
      await expect(query(proxy.through(server.url), "select 1")).rejects.toThrow(/ECONNRESET|Connection terminated unexpectedly/);
      await server.start();
      expect(await query(proxy.through(server.url), "select 1 as n")).toEqual([{ n: 1 }]);
    }));
});
