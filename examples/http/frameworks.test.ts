import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { serve } from "@hono/node-server";
import { type ArgumentsHost, Controller, Module, Post } from "@nestjs/common";
import { BaseExceptionFilter, HttpAdapterHost, NestFactory } from "@nestjs/core";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { expressProblems, fastifyProblems, nodeHandler, problemResponse, serveLog } from "tidemark/http";
import type { EventStore } from "tidemark";
import { describe, expect, test } from "../../packages/tidemark/test/support/test.ts";

interface Running {
  readonly port: number;
  readonly close: () => Promise<unknown>;
}

async function listening(server: Server): Promise<Running> {
  if (!server.listening) await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It listens on a port.");
  return {
    port: address.port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A route that fails with an error of the library, one that fails with another, and the log. */
const frameworks: Readonly<Record<string, (store: EventStore) => Promise<Running>>> = {
  hono: (store) => {
    const handler = serveLog(store, { authorize: () => ({}), path: "/events" });
    const app = new Hono();
    app.onError((error) => problemResponse(error));
    app.post("/conflict", async (context) => context.json(await store.appendToStream("cart-1", [], { expectedVersion: 9 })));
    app.post("/bug", () => Promise.reject(new Error("secret")));
    app.all("/events/*", (context) => handler(context.req.raw));
    return new Promise((resolve) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
        resolve({ port, close: async () => void (await handler.close(), server.close()) }),
      );
    });
  },
  express: (store) => {
    const handler = serveLog(store, { authorize: () => ({}), path: "/events" });
    const app = express();
    app.post("/conflict", async (_request, response) => {
      response.json(await store.appendToStream("cart-1", [], { expectedVersion: 9 }));
    });
    app.post("/bug", () => Promise.reject(new Error("secret")));
    app.use("/events", nodeHandler(handler));
    app.use(expressProblems);
    app.set("env", "test");
    return listening(createServer(app).listen(0, "127.0.0.1"));
  },
  fastify: async (store) => {
    const handler = serveLog(store, { authorize: () => ({}), path: "/events" });
    const app = Fastify({ forceCloseConnections: true });
    app.setErrorHandler(fastifyProblems);
    app.post("/conflict", () => store.appendToStream("cart-1", [], { expectedVersion: 9 }));
    app.post("/bug", () => Promise.reject(new Error("secret")));
    app.get("/events/*", (request, reply) => {
      reply.hijack();
      nodeHandler(handler)(request.raw, reply.raw);
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: Number(new URL(app.listeningOrigin).port), close: () => app.close() };
  },
  // On Express.
  nest: async (store) => {
    const handler = serveLog(store, { authorize: () => ({}), path: "/events" });
    class Carts {
      conflict(): Promise<unknown> {
        return store.appendToStream("cart-1", [], { expectedVersion: 9 });
      }
      bug(): Promise<never> {
        return Promise.reject(new Error("secret"));
      }
    }
    class Shop {
      onModuleDestroy(): Promise<void> {
        return handler.close();
      }
    }
    // What decorators do, which Node.js does not run.
    for (const route of ["conflict", "bug"]) Post(route)(Carts.prototype, route, Object.getOwnPropertyDescriptor(Carts.prototype, route) ?? {});
    Controller()(Carts);
    Module({ controllers: [Carts] })(Shop);
    class Problems extends BaseExceptionFilter {
      override catch(error: unknown, host: ArgumentsHost): void {
        const answer = super.catch.bind(this);
        expressProblems(error, undefined, host.switchToHttp().getResponse(), (other) => answer(other, host));
      }
    }
    const app = await NestFactory.create(Shop, { logger: false });
    app.use("/events", nodeHandler(handler));
    app.useGlobalFilters(new Problems(app.get(HttpAdapterHost).httpAdapter));
    await app.listen(0, "127.0.0.1");
    return { port: Number(new URL(await app.getUrl()).port), close: () => app.close() };
  },
};

describe("a server made with", () => {
  test.for(Object.keys(frameworks))("%s answers errors with problems, and serves the log", async (framework, { store }) => {
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { n: 1 } }]);
    const running = await frameworks[framework]?.(store);
    const url = `http://127.0.0.1:${running?.port}`;
    try {
      const conflict = await fetch(`${url}/conflict`, { method: "POST" });
      expect([conflict.status, conflict.headers.get("content-type")]).toEqual([412, "application/problem+json"]);
      expect(await conflict.json()).toMatchObject({ code: "VERSION_CONFLICT", actual: 1 });
      expect((await fetch(`${url}/bug`, { method: "POST" })).status).toBe(500);
      expect(await (await fetch(`${url}/events/streams/cart-1`)).json()).toMatchObject([{ data: { n: 1 } }]);
      const live = await fetch(`${url}/events/log?offset=now&live=sse`);
      const reader = live.body?.getReader();
      let text = "";
      const until = async (part: string): Promise<void> => {
        while (!text.includes(part)) text += new TextDecoder().decode((await reader?.read())?.value);
      };
      await until("upToDate");
      await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { n: "live" } }]);
      await until('"n":"live"');
      await reader?.cancel();
    } finally {
      await running?.close();
    }
  });
});
