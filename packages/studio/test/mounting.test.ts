import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Controller, Get, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { nodeHandler, serveStudio, studio, type Studio } from "@tidemark/studio";
import { describe, expect, test } from "../../tidemark/test/support/test.ts";
import { changeHeader } from "../src/wire/changes.ts";
import { get, statusOf } from "./support.ts";

/** What has to be there, and what must not. */
async function look(port: number, { token }: Studio): Promise<(number | undefined)[]> {
  const headers = { host: "localhost", authorization: `Bearer ${token}` };
  const paths = ["/panel", "/panel/streams", "/panel/assets/studio.js", "/panel/api/streams", "/panel/api/streams/", "/elsewhere"];
  return Promise.all(paths.map((path) => statusOf(port, path, headers)));
}

const expected = [200, 200, 200, 200, 404, 404];

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server with a port has no other
  return (server.address() as AddressInfo).port;
}

describe("a studio works", () => {
  test("in Hono, mounted with its path or without", async ({ store }) => {
    const panel = studio(store, { basePath: "/panel" });
    const mounted = new Hono().mount("/panel", panel.fetch);
    const whole = new Hono().all("/panel/*", (context) => panel.fetch(context.req.raw));
    for (const app of [mounted, whole]) {
      for (const path of ["/panel/", "/panel/streams", "/panel/assets/studio.css", "/panel/api/streams"]) {
        const response = await get({ ...panel, fetch: async (request) => app.fetch(request) }, path);
        expect([path, response.status]).toEqual([path, 200]);
        if (path === "/panel/") expect(await response.text()).toContain('src="/panel/assets/studio.js"');
      }
    }
  });

  test("in Express", async ({ store }) => {
    const panel = studio(store, { basePath: "/panel" });
    const app = express().use("/panel", nodeHandler(panel));
    const server = createServer(app);
    const port = await listening(server);
    expect(await look(port, panel)).toEqual(expected);
    server.close();
  });

  test("in Fastify", async ({ store }) => {
    const panel = studio(store, { basePath: "/panel" });
    const handler = nodeHandler(panel);
    const app = Fastify();
    for (const url of ["/panel", "/panel/*"]) {
      app.all(url, (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      });
    }
    await app.listen({ port: 0, host: "127.0.0.1" });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server with a port has no other
    expect(await look((app.server.address() as AddressInfo).port, panel)).toEqual(expected);
    await app.close();
  });

  test("in Nest, whose own routes and body parser go on beside it", async ({ store }) => {
    class Carts {
      list(): string {
        return "carts";
      }
    }
    // Decorators, as TypeScript would call them.
    Get()(Carts.prototype, "list", Object.getOwnPropertyDescriptor(Carts.prototype, "list") ?? {});
    Controller("carts")(Carts);
    class Shop {
      readonly name = "shop";
    }
    Module({ controllers: [Carts] })(Shop);
    const panel = studio(store, { basePath: "/panel", role: "operator" });
    for (const parsesBefore of [false, true]) {
      const app = await NestFactory.create(Shop, { logger: false });
      // Nest parses bodies once it is initialized: what is mounted later gets them parsed.
      if (parsesBefore) app.use(express.json());
      app.use("/panel", nodeHandler(panel));
      await app.listen(0, "127.0.0.1");
      const { port }: AddressInfo = app.getHttpServer().address();
      expect(await look(port, panel)).toEqual(expected);
      expect(await (await fetch(`http://127.0.0.1:${port}/carts`)).text()).toBe("carts");
      const origin = `http://127.0.0.1:${port}`;
      const answer = await fetch(`${origin}/panel/api/changes/resume`, {
        method: "POST",
        headers: { authorization: `Bearer ${panel.token}`, origin, "content-type": "application/json", [changeHeader.name]: changeHeader.value },
        body: JSON.stringify({ parameters: { kind: "consumer", name: "absent" } }),
      });
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining("absent")]);
      await app.close();
    }
  });

  test("by itself, until it is closed", async ({ store }) => {
    const served = await serveStudio(store);
    const answer = await fetch(served.url);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<div id="studio">');
    await served.close();
    await served.close();
    await expect(fetch(served.url)).rejects.toThrow();
    expect(await store.highWaterMark()).toBe(0);
  });

  test("on no port that another process has", async ({ store }) => {
    await using served = await serveStudio(store);
    await expect(serveStudio(store, { port: served.port })).rejects.toThrow("which another process has. Choose another, or 0 for a free one");
  });

  test("and survives whatever is sent to it", async ({ store }) => {
    const panel = studio(store);
    const nonsense = [
      "/%",
      "/api/%ff",
      "/api/stream?id=%",
      `/api/streams?prefix=${"%F0%9F%92%A9".repeat(200)}`,
      "/?".padEnd(5_000, "&"),
      "/api/__proto__",
      "/api/stream?id=&id=&id=",
      "/assets/%00",
    ];
    for (const path of nonsense) expect((await get(panel, path)).status, path).toBeLessThan(500);
  });
});
