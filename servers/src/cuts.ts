import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listen } from "./port.ts";

/** A proxy in front of any server, which loses what one side says, and cuts connections. */
export interface Cuts extends AsyncDisposable {
  readonly port: number;
  /** What is lost from now on, on every connection: what clients ask, what the server answers, or nothing. */
  lose: "requests" | "answers" | undefined;
  /** Called with every piece that clients send. */
  onRequest: ((bytes: Buffer) => void) | undefined;
  /** Called with every piece that the server answers, before it is passed on. */
  onAnswer: ((bytes: Buffer) => void) | undefined;
  /** Resets every connection. */
  cut(): void;
}

/** Starts a proxy to a port of 127.0.0.1. */
export async function startCuts(target: number): Promise<Cuts> {
  const sockets = new Set<Socket>();
  const cuts: Cuts = {
    port: 0,
    lose: undefined,
    onRequest: undefined,
    onAnswer: undefined,
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(proxy, "close");
      proxy.close();
      cuts.cut();
      await closed;
    },
  };
  const proxy = createServer((client) => {
    const server = connect(target, "127.0.0.1");
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    client.on("data", (bytes) => {
      cuts.onRequest?.(bytes);
      if (cuts.lose !== "requests") server.write(bytes);
    });
    server.on("data", (bytes) => {
      cuts.onAnswer?.(bytes);
      if (cuts.lose !== "answers") client.write(bytes);
    });
  });
  return Object.assign(cuts, { port: await listen(proxy) });
}
