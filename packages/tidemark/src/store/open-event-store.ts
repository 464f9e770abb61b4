import { checkOpenArguments, type StoreOptions } from "../arguments/store-options.ts";
import { keepCaller } from "../errors/caller-frames.ts";
import type { Event } from "../model/event.ts";
import type { EventStore } from "./event-store.ts";

/**
 * Opens a store: without a URL on an embedded PostgreSQL in memory, with `file:./data` on one kept in a folder, with
 * `postgres://…` on a server (PostgreSQL 15 and later). Brings the schema up to date first, unless `migrate` says otherwise.
 * Close it, or write `await using store = …`.
 *
 * A store in memory keeps nothing when the process ends, and the logger's `warn` says so once a process. Leave the URL out to open
 * one: a URL that is `undefined` is refused, because it most often comes from an environment variable that is not set.
 *
 * @throws {@link InvalidArgumentError} — an argument or option is not what it should be; nothing was opened.
 * @throws {@link ConnectionError}, {@link PoolTimeoutError} — the server could not be reached.
 * @throws {@link SchemaOutdatedError}, {@link SchemaTooNewError}, {@link MigrationChangedError} — the schema does not fit.
 * @throws {@link SequenceBehindError} — the log reaches beyond the sequence of positions, after a restore of the data alone, say.
 * @throws {@link StoreLockedError} — another process has the folder open.
 * @throws {@link MissingDependencyError} — the embedded database needs `@electric-sql/pglite`.
 */
export function openEventStore<E extends Event = Event>(options?: StoreOptions): Promise<EventStore<E>>;
export function openEventStore<E extends Event = Event>(url: string | undefined, options?: StoreOptions): Promise<EventStore<E>>;
export async function openEventStore<E extends Event = Event>(...given: readonly [(string | StoreOptions)?, StoreOptions?]): Promise<EventStore<E>> {
  const { target, options } = checkOpenArguments(given);
  // Most of the library, which whoever only defines deciders and projections need not load.
  const { assembleStore } = await import("./assemble-store.ts");
  return await keepCaller(assembleStore<E>(target, options));
}
