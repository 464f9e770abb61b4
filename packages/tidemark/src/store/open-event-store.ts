import { nodeTooOld } from "../arguments/node-version.ts";
import { checkOpenArguments, type StoreOptions } from "../arguments/store-options.ts";
import { keepCaller } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event } from "../model/event.ts";
import type { EventStore } from "./event-store.ts";

/**
 * Opens a store: without a URL, in an embedded PostgreSQL in memory; with `file:./data`, in an embedded one kept in a folder; with
 * `postgres://…`, on a server (PostgreSQL 15 or later). First brings the schema up to date, unless `migrate` says otherwise. Close the
 * store, or write `await using store = …`.
 *
 * With `events`, a catalogue made by `defineEvents`, every call of the store has the types of its events. Without it, give the type of your
 * events, `openEventStore<CartEvent>(url)`, or at each call.
 *
 * A store in memory loses its events when the process ends; the logger's `warn` says so once a process. To open one, leave the URL
 * out. A URL that is `undefined` is rejected, because it usually comes from an environment variable that is not set.
 *
 * @throws {@link InvalidArgumentError} — an argument or option is invalid, or Node.js is older than 22.18; nothing was opened.
 * @throws {@link ConnectionError}, {@link PoolTimeoutError} — the server could not be reached.
 * @throws {@link SchemaOutdatedError}, {@link SchemaTooNewError}, {@link MigrationChangedError} — the schema does not fit.
 * @throws {@link RoleRefusedError} — with `requireRole`: the role may do more than the store needs.
 * @throws {@link SequenceBehindError} — the sequence of positions is behind the log, for example after a restore of the data alone.
 * @throws {@link StoreLockedError} — another process has the folder open.
 * @throws {@link MissingDependencyError} — the embedded database needs `@electric-sql/pglite`.
 *
 * @example
 * ```ts
 * const store = await openEventStore({ logger: quiet }); // embedded and in memory; or a URL of PostgreSQL
 * await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "tea" } }]);
 * await store.close();
 * ```
 */
export function openEventStore<Events extends Event = Event, Input extends Event = Events>(
  options?: StoreOptions<Events, Input>,
): Promise<EventStore<Events, Input>>;
export function openEventStore<Events extends Event = Event, Input extends Event = Events>(
  url: string | undefined,
  options?: StoreOptions<Events, Input>,
): Promise<EventStore<Events, Input>>;
export async function openEventStore<Events extends Event = Event, Input extends Event = Events>(
  ...given: readonly [(string | StoreOptions<Events, Input>)?, StoreOptions<Events, Input>?]
): Promise<EventStore<Events, Input>> {
  const tooOld = nodeTooOld();
  if (tooOld !== undefined) throw new InvalidArgumentError("process.version", `is too old: ${tooOld}`);
  const { target, options } = checkOpenArguments(given);
  // Most of the library. Code that only defines deciders and projections need not load it.
  const { assembleStore } = await import("./assemble-store.ts");
  return await keepCaller(assembleStore<Events, Input>(target, options));
}
