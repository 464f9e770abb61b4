import type { Readable, Writable } from "node:stream";
import type { EventStore } from "tidemark";
import { Answers } from "./answers.ts";
import { Changes } from "./changes.ts";
import { checkMcpOptions, type McpOptions } from "./options.ts";
import { loadProtocol, loadStdioProtocol } from "./protocol.ts";
import { serverOf } from "./server.ts";

/**
 * An MCP server that is being served over stdin and stdout.
 *
 * @example
 * ```ts
 * const served: McpOverStdio = await serveMcpOverStdio(store);
 * await served.ended;
 * ```
 */
export interface McpOverStdio extends AsyncDisposable {
  /** Resolves when the client has closed stdin, has gone, or `close` was called. */
  readonly ended: Promise<void>;
  /** Aborts what is under way. The store stays open. */
  close(): Promise<void>;
}

/**
 * Serves a store to the model that has started this process, over stdin and stdout: print nothing else there. Its tools only read, unless `role`
 * allows more.
 *
 * @param options - Whoever starts the process may ask: there is no token.
 * @throws {@link InvalidArgumentError} — an option is invalid or unknown.
 * @throws {@link MissingDependencyError} — `@modelcontextprotocol/server` is not installed.
 *
 * @example
 * ```ts
 * import { serveMcpOverStdio } from "@tidemark/studio/mcp";
 *
 * const served = await serveMcpOverStdio(store);
 * await served.ended;
 * ```
 */
export async function serveMcpOverStdio(
  store: EventStore,
  options: McpOptions = {},
  { stdin = process.stdin, stdout = process.stdout }: { readonly stdin?: Readable; readonly stdout?: Writable } = {},
): Promise<McpOverStdio> {
  const valid = checkMcpOptions(store, options, false);
  const protocol = await loadProtocol();
  const { serveStdio, StdioServerTransport } = await loadStdioProtocol();
  const answers = new Answers(store, valid);
  const changes = new Changes(store, protocol);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  for (const event of ["end", "close", "error"]) stdin.once(event, () => resolve());
  for (const event of ["close", "error"]) stdout.once(event, () => resolve());
  const transport = new StdioServerTransport(stdin, stdout, { maxBufferSize: 262_144 });
  const served = serveStdio(() => serverOf(protocol, { answers, changes, user: { role: valid.studio.role, name: "mcp" } }), { transport });
  const close = async (): Promise<void> => {
    await served.close();
    resolve();
  };
  return { ended, close, [Symbol.asyncDispose]: close };
}
