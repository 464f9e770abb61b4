import { once } from "node:events";
import { createServer, type ServerOptions } from "node:http";
import { InvalidArgumentError } from "tidemark";
import type { NodeHandler } from "./handler.ts";

export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:4983` */
  readonly origin: string;
  close(): Promise<void>;
}

/** Only this machine reaches these. */
export const ownAddresses: readonly string[] = ["127.0.0.1", "::1", "localhost"];

/** A request line and its headers come at once from every browser, and so does the body of a change. */
const patienceMs = 10_000;

/**
 * Whoever sends a request slowly is cut off once its headers, or all of it, take longer than this. The answer may take as long as it takes.
 * Node.js itself looks for such connections every 30 seconds only.
 */
export function limitsOf(ms: number): ServerOptions {
  return { headersTimeout: ms, requestTimeout: ms, connectionsCheckingInterval: ms / 10, maxHeaderSize: 16_384 };
}

/** @throws {@link InvalidArgumentError} — `port` is none, or taken. */
export async function listen(handler: NodeHandler, port: number, address: string, limits: ServerOptions = limitsOf(patienceMs)): Promise<Listening> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("options.port", "must be a whole number from 0 to 65535");
  const server = createServer(limits, handler);
  server.listen(port, address);
  await once(server, "listening").catch((error: unknown) => {
    if (!isInUse(error)) throw error;
    throw new InvalidArgumentError("options.port", `is ${port}, which another process has. Choose another, or 0 for a free one`, { cause: error });
  });
  const bound = server.address();
  const actual = typeof bound === "object" && bound !== null ? bound.port : port;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const host = address === "::1" ? "[::1]" : address;
  return { port: actual, origin: `http://${host}:${actual}`, close };
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
