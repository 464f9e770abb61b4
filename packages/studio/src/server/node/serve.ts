import type { EventStore } from "tidemark";
import { InvalidArgumentError } from "tidemark";
import type { StudioOptions } from "../options.ts";
import { studio } from "../studio.ts";
import { nodeHandler } from "./handler.ts";
import { listen, ownAddresses } from "./listen.ts";

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
  if (!ownAddresses.includes(address) && !options.authorize)
    throw new InvalidArgumentError("options.address", `is ${JSON.stringify(address)}, which others can reach. Pass authorize, which decides who may look`);
  const panel = studio(store, options);
  const { port: actual, origin, close } = await listen(nodeHandler(panel), port, address);
  const query = panel.token === undefined ? "" : `?token=${panel.token}`;
  return { url: `${origin}${options.basePath ?? ""}/${query}`, port: actual, close, [Symbol.asyncDispose]: close };
}
