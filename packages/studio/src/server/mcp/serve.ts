import { type EventStore, InvalidArgumentError } from "tidemark";
import { nodeHandler } from "../node/handler.ts";
import { listen, ownAddresses } from "../node/listen.ts";
import { mcpHandler } from "./handler.ts";
import type { McpHandlerOptions } from "./options.ts";

/**
 * Options of `serveMcp`.
 *
 * @example
 * ```ts
 * const options: ServeMcpOptions = { port: 4984 };
 * ```
 */
export interface ServeMcpOptions extends McpHandlerOptions {
  /** @defaultValue 0, a free one */
  readonly port?: number;
  /** The address to listen at. Any but this machine's own needs `authorize` and `hosts`. @defaultValue "127.0.0.1" */
  readonly address?: string;
}

/**
 * An MCP server that is being served over HTTP.
 *
 * @example
 * ```ts
 * const served: ServedMcp = await serveMcp(store);
 * console.log(served.url);
 * await served.close();
 * ```
 */
export interface ServedMcp extends AsyncDisposable {
  /** What a client is told to connect to. */
  readonly url: string;
  /** What it sends as `Authorization: Bearer`, if there is no `authorize`. */
  readonly token: string | undefined;
  readonly port: number;
  /** Ends what is under way, and stops listening. The store stays open. */
  close(): Promise<void>;
}

/**
 * Serves a store to models over streamable HTTP, with a server of its own: on this machine alone unless `authorize` decides who may ask.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid, `port` is taken, or `address` can be reached by others and there is no `authorize`.
 * @throws {@link MissingDependencyError} — `@modelcontextprotocol/server` is not installed.
 *
 * @example
 * ```ts
 * import { serveMcp } from "@tidemark/studio/mcp";
 *
 * await using served = await serveMcp(store);
 * console.log(served.url);
 * ```
 */
export async function serveMcp(store: EventStore, { port = 0, address = "127.0.0.1", ...options }: ServeMcpOptions = {}): Promise<ServedMcp> {
  if (!ownAddresses.includes(address) && !options.authorize)
    throw new InvalidArgumentError("options.address", `is ${JSON.stringify(address)}, which others can reach. Pass authorize, which decides who may ask`);
  const handler = await mcpHandler(store, options);
  const listening = await listen(nodeHandler(handler), port, address);
  const close = async (): Promise<void> => {
    await handler.close();
    await listening.close();
  };
  const url = `${listening.origin}${options.path ?? "/mcp"}`;
  return { url, token: handler.token, port: listening.port, close, [Symbol.asyncDispose]: close };
}
