import { AssertionError } from "node:assert";
import { randomUUID } from "node:crypto";
import { arrayOf, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { isPGlite } from "../arguments/pool-options.ts";
import type { StoreOptions } from "../arguments/store-options.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { isPGliteInstance } from "../database/pglite-client.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event } from "../model/event.ts";
import type { EventStore } from "../store/event-store.ts";
import { openEventStore } from "../store/open-event-store.ts";
import { FaultyPGlite } from "./faulty-pglite.ts";
import { Interference, type PlannedConflict, type PlannedFault } from "./interference.ts";
import { interferedStore } from "./interfered-store.ts";
import { sharedPGlite } from "./shared-pglite.ts";

/**
 * Options of `openTestStore`.
 *
 * @example
 * ```ts
 * const options: TestStoreOptions = { conflicts: [1], faults: [{ append: 2, kind: "unknown" }] };
 * ```
 */
export interface TestStoreOptions<Events extends Event = Event, Input extends Event = Events> extends StoreOptions<Events, Input> {
  /**
   * The appends, counted from 1, that lose against another writer. That writer really appends: a copy of your first event, as if the
   * same request had come twice, or the events given here. Only an append that expects a version can lose.
   */
  readonly conflicts?: readonly PlannedConflict[];
  /**
   * What happens to which append, counted from 1. `"refused"`: the database rejects it once, before it runs. `"lost-reply"`: it is
   * written, and the connection breaks before the reply. The store resolves both, so the caller gets one result and the log one event.
   * `"unknown"`: it is written, and rejects with `OutcomeUnknownError`, as if the database never answered.
   */
  readonly faults?: readonly PlannedFault[];
}

const conflictShape = { append: wholeNumber(1), events: (value: unknown) => value };
const faultShape = { append: wholeNumber(1), kind: oneOf("lost-reply", "refused", "unknown") };
const planShape = { conflicts: arrayOf(checkConflict), faults: arrayOf(checkFault) };

/**
 * Opens an empty store for one test, on an embedded PostgreSQL that all test stores of the process share, in its own schema, which is
 * dropped when the store closes. `now` and `createId` set times and ids; `conflicts` and `faults` set what other writers and the
 * network do. Appends of its tenants and transactions count too.
 *
 * `close` rejects with an `AssertionError` if a planned conflict or fault never happened, because the test then has not tested it.
 *
 * With `events`, a catalogue, its calls have the events' types and check what you append, as `openEventStore` does.
 *
 * With `pool`, it uses that PGlite or `pg.Pool`, and the schema stays. Faults of the connection need a PGlite.
 *
 * @throws {@link MissingDependencyError} — the embedded database needs `@electric-sql/pglite`.
 * @throws whatever `openEventStore` throws.
 *
 * @example
 * ```ts
 * const store = await openTestStore({ now: () => new Date("2026-01-01"), conflicts: [1] });
 * const lost = await store.appendToStream("cart-1", [itemAdded], { expectedVersion: 0 }).catch((error) => error.code); // VERSION_CONFLICT
 * await store.close();
 * ```
 */
export async function openTestStore<Events extends Event = Event, Input extends Event = Events>(
  options: TestStoreOptions<Events, Input> = {},
): Promise<EventStore<Events, Input>> {
  const { conflicts: _conflicts, faults: _faults, pool, ...storeOptions } = options;
  const { conflicts = [], faults = [] } = checkOptions({ conflicts: options.conflicts, faults: options.faults }, planShape);
  const given = isPGlite(pool) && isPGliteInstance(pool) ? pool : undefined;
  if (pool !== undefined && !given && faults.some(({ kind }) => kind !== "unknown")) {
    throw new InvalidArgumentError("options.faults", "plans a fault of the connection, which needs a PGlite; leave options.pool out");
  }

  const schema = options.schema ?? `test_${randomUUID()}`;
  const shared = pool === undefined ? await sharedPGlite() : undefined;
  const instance = shared?.instance ?? given;
  const faulty = instance && new FaultyPGlite(instance);
  const opening = openEventStore({ ...storeOptions, schema, ...(faulty ? { pool: faulty.pool } : pool && { pool }) });
  const store = await opening.catch((error: unknown) => {
    shared?.release();
    throw error;
  });
  async function close(timeoutMs: number | undefined): Promise<void> {
    try {
      await store.close(timeoutMs === undefined ? {} : { timeoutMs });
      if (options.schema === undefined) await shared?.instance.exec(`drop schema if exists ${quoteIdentifier(schema)} cascade`);
    } finally {
      shared?.release();
    }
    const { missed } = interference;
    if (missed !== undefined) throw new AssertionError({ message: missed, operator: "openTestStore" });
  }
  const interference = new Interference({ conflicts, faults, connection: faulty });
  let closing: Promise<void> | undefined;
  return interferedStore(store, interference, (timeoutMs) => (closing ??= close(timeoutMs)));
}

function checkConflict(value: unknown, path: string): PlannedConflict {
  if (!isRecord(value)) return wholeNumber(1)(value, path);
  const { append, events } = checkOptions(value, conflictShape, path);
  if (append === undefined || !Array.isArray(events)) throw new InvalidArgumentError(path, "must be a number, or { append, events }");
  return { append, events };
}

function checkFault(value: unknown, path: string): PlannedFault {
  const { append, kind } = checkOptions(value, faultShape, path);
  if (append === undefined || kind === undefined) throw new InvalidArgumentError(path, 'must be such as { append: 1, kind: "lost-reply" }');
  return { append, kind };
}
