import { untilSignal } from "../../async/until-signal.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { Showing } from "../config/load.ts";
import { loadOfStudio } from "../studio/load.ts";
import type { Terminal } from "../terminal.ts";

/** As much of `@tidemark/studio/mcp` as the command needs. */
type ServeOverStdio = (store: EventStore, options: McpOptions) => Promise<{ readonly ended: Promise<void>; close(): Promise<void> }>;
type ServeOverHttp = (
  store: EventStore,
  options: McpOptions & { readonly port: number; readonly token?: string },
) => Promise<{ readonly url: string; readonly token: string | undefined; close(): Promise<void> }>;

export interface McpOptions extends Showing {
  readonly schema: string;
  /** What the model may do. */
  readonly role: "viewer" | "admin";
}

export interface McpHttpOptions {
  readonly port: number;
  /** What clients have to send; a random one if it is undefined. */
  readonly token: string | undefined;
  /** Is told where the server is, and what clients have to send. */
  readonly tell: (url: string, token: string) => void;
}

/** How the store is served, loaded before a database is opened for nothing. */
export type ServeMcp = (store: EventStore, options: McpOptions, terminal: Terminal) => Promise<void>;

const purpose = "Serving a store to models";

/** Until the client closes stdin or goes, or until SIGTERM or Ctrl-C. @throws {@link MissingDependencyError} */
export async function overStdio(): Promise<ServeMcp> {
  const serve = await loadOfStudio("@tidemark/studio/mcp", "serveMcpOverStdio", isFunction<ServeOverStdio>, purpose);
  return async (store, options) => {
    await untilEnd(async (first) => {
      const served = await serve(store, options);
      await Promise.race([first, served.ended]);
      await served.close();
    });
  };
}

/** Until SIGTERM or Ctrl-C. @throws {@link MissingDependencyError} */
export async function overHttp({ port, token, tell }: McpHttpOptions): Promise<ServeMcp> {
  const serve = await loadOfStudio("@tidemark/studio/mcp", "serveMcp", isFunction<ServeOverHttp>, purpose);
  return async (store, options, terminal) => {
    await untilEnd(async (first) => {
      const served = await serve(store, { ...options, port, ...(token !== undefined && { token }) });
      tell(served.url, served.token ?? "");
      terminal.say("Only this machine reaches it. Ctrl-C ends it.");
      await first;
      await served.close();
    });
  };
}

async function untilEnd(serve: (first: Promise<void>) => Promise<void>): Promise<void> {
  const { first, unlisten } = untilSignal(() => {});
  try {
    await serve(first);
  } finally {
    unlisten();
  }
}

function isFunction<T>(value: unknown): value is T {
  return typeof value === "function";
}
