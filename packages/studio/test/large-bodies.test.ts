import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { defineConsumer, type EventStore } from "tidemark";
import { nodeHandler, serveStudio, studio } from "@tidemark/studio";
import { serveMcp } from "@tidemark/studio/mcp";
import { changeHeader } from "../src/wire/changes.ts";
import { describe, expect, test } from "../../tidemark/test/support/test.ts";
import { change } from "./support.ts";

const most = 65_536;

async function knowMailer(store: EventStore): Promise<void> {
  const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: async () => {} })] });
  await worker.start();
  await worker.stop();
}

/** The first line of the answer to a request that is sent up to here, and never to its end. */
async function answerTo(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request);
  let told = "";
  for await (const part of socket) {
    told += String(part);
    if (told.includes("\r\n\r\n")) break;
  }
  socket.destroy();
  return told.split("\r\n", 1)[0] ?? "";
}

describe("a body that is larger than any change", () => {
  test("is refused, and one of the most that a change may have is not", async ({ store }) => {
    await knowMailer(store);
    const panel = studio(store, { role: "admin" });
    const body = JSON.stringify({ parameters: { kind: "consumer", name: "mailer" } });
    expect((await change(panel, "pause", body.padEnd(most))).status).toBe(200);
    expect((await change(panel, "pause", body.padEnd(most + 1))).status).toBe(413);
    expect((await change(panel, "pause", body, { "content-length": String(most + 1) })).status).toBe(413);
  });

  test("is refused by servers of Node.js before it has come to its end", async ({ store }) => {
    await using served = await serveStudio(store, { role: "admin" });
    const token = new URL(served.url).searchParams.get("token");
    const begin = `POST /api/changes/pause HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n${changeHeader.name}: ${changeHeader.value}\r\n`;
    const chunk = `${(most + 1).toString(16)}\r\n${"x".repeat(most + 1)}\r\n`;
    expect(await answerTo(served.port, `${begin}content-length: 10000000\r\n\r\n{`)).toContain(" 413 ");
    expect(await answerTo(served.port, `${begin}content-length: 10000000\r\n\r\n${"x".repeat(most + 1)}`)).toContain(" 413 ");
    expect(await answerTo(served.port, `${begin}transfer-encoding: chunked\r\n\r\n${chunk}`)).toContain(" 413 ");
  });

  test("is refused by the MCP server, too", async ({ store }) => {
    await using served = await serveMcp(store);
    const begin = `POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${served.token}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n`;
    const chunk = `${(300_000).toString(16)}\r\n${"x".repeat(300_000)}\r\n`;
    expect(await answerTo(served.port, `${begin}content-length: 10000000\r\n\r\n{`)).toContain(" 413 ");
    expect(await answerTo(served.port, `${begin}transfer-encoding: chunked\r\n\r\n${chunk}`)).toContain(" 413 ");
  });

  test("that ends too early is told of, to whoever is there", async ({ store }) => {
    const body = new ReadableStream({ start: (controller) => controller.error(new Error("gone")) });
    const panel = studio(store, { role: "admin" });
    const init = {
      method: "POST",
      headers: {
        host: "localhost",
        origin: "http://localhost",
        authorization: `Bearer ${panel.token}`,
        "content-type": "application/json",
        [changeHeader.name]: changeHeader.value,
      },
      body,
      duplex: "half",
    };
    expect((await panel.fetch(new Request("http://localhost/api/changes/pause", init))).status).toBe(400);
  });
});

test("an answer that comes after the application's own is let go, and ends nothing", async () => {
  const { promise: may, resolve: letGo } = Promise.withResolvers<void>();
  const handler = nodeHandler({ fetch: () => may.then(() => new Response("late")) });
  const server = createServer((request, response) => {
    handler(request, response);
    response.writeHead(503, { connection: "close" }).end("too slow");
    response.on("finish", letGo);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server with a port has no other
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect([answer.status, await answer.text()]).toEqual([503, "too slow"]);
  await may;
  server.close();
});
