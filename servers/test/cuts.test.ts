import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startCuts } from "../src/index.ts";

test("a proxy loses what one side says, and cuts connections", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await using cuts = await startCuts(typeof address === "object" && address ? address.port : 0);
  const socket = connect(cuts.port, "127.0.0.1");
  await once(socket, "connect");
  const said = async (client: Socket, text: string): Promise<string> => {
    client.write(text);
    const [bytes] = await once(client, "data");
    return String(bytes);
  };
  expect(await said(socket, "one")).toBe("one");
  for (const [lose, heard] of [["requests", "onRequest"] as const, ["answers", "onAnswer"] as const]) {
    cuts.lose = lose;
    const passing = new Promise<void>((resolve) => {
      cuts[heard] = () => resolve();
    });
    socket.write("lost");
    await passing;
    cuts.lose = undefined;
    cuts[heard] = undefined;
    expect(await said(socket, "two")).toBe("two");
  }
  const cut = once(socket, "error");
  cuts.cut();
  expect(String(await cut)).toContain("ECONNRESET");
  const closed = once(server, "close");
  server.close();
  await closed;
});
