import { once } from "node:events";
import { createServer } from "node:http";
import type { EventStore } from "tidemark";
import { InvalidArgumentError } from "tidemark";
import type { StudioOptions } from "../options.ts";
import { studio } from "../studio.ts";
import { nodeHandler } from "./handler.ts";

/**
 * Options of `serveStudio`.
 *
 * @example
 * ```ts
 * const options: ServeStudioOptions = { port: 4983 };
 * ```
 */
export interface ServeStudioOptions extends StudioOptions {
  /** @defaultValue 0, a free one */
  readonly port?: number;
  /** The address to listen at. Any but this machine's own needs `authorize` and `hosts`. @defaultValue "127.0.0.1" */
  readonly address?: string;
}

/**
 * A studio that is being served.
 *
 * @example
 * ```ts
 * const served: ServedStudio = await serveStudio(store);
 * console.log(served.url);
 * await served.close();
 * ```
 */
export interface ServedStudio extends AsyncDisposable {
  /** Where to look, with the token, if there is one. */
  readonly url: string;
  readonly port: number;
  /** Ends what is under way, and stops listening. The store stays open. */
  close(): Promise<void>;
}

const own = ["127.0.0.1", "::1", "localhost"];

/**
 * Serves a studio by itself, with a server of its own: on this machine alone unless `authorize` decides who may look.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid, `port` is taken, or `address` can be reached by others and there is no `authorize`.
 *
 * @example
 * ```ts
 * import { serveStudio } from "@tidemark/studio";
 *
 * await using served = await serveStudio(store);
 * console.log(served.url);
 * ```
 */
export async function serveStudio(store: EventStore, { port = 0, address = "127.0.0.1", ...options }: ServeStudioOptions = {}): Promise<ServedStudio> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("options.port", "must be a whole number from 0 to 65535");
  if (!own.includes(address) && !options.authorize)
    throw new InvalidArgumentError("options.address", `is ${JSON.stringify(address)}, which others can reach. Pass authorize, which decides who may look`);
  const panel = studio(store, options);
  // A request line and its headers come at once from every browser. Whoever sends them slowly holds a connection for ten seconds at most.
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 16_384 }, nodeHandler(panel));
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
  const query = panel.token === undefined ? "" : `?token=${panel.token}`;
  return { url: `http://${host}:${actual}${options.basePath ?? ""}/${query}`, port: actual, close, [Symbol.asyncDispose]: close };
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
