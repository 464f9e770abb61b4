import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event } from "../model/event.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { Logger } from "../model/logger.ts";
import { checkBoolean, checkDate, checkFunction, oneOf, wholeNumber } from "./checks.ts";
import { checkSchemaName } from "./names.ts";
import { checkOptions, isRecord } from "./options.ts";
import { checkPool, type PgPool, type PGliteInstance, type PoolSettings, type ValidPoolSettings } from "./pool-options.ts";
import type { Projection } from "./projection.ts";
import { describeValue } from "./describe-value.ts";
import { checkStaleDocuments, type StaleDocuments } from "./stale-documents.ts";
import { checkStoreUrl, type StoreTarget } from "./store-url.ts";
import { newId } from "./uuid.ts";

/**
 * Options of `openEventStore`.
 *
 * @example
 * ```ts
 * const options: StoreOptions = { schema: "shop", durability: "on", limits: { eventBytes: 65_536 }, correlationIds: "automatic" };
 * ```
 */
export interface StoreOptions<Events extends Event = Event, Input extends Event = Events> {
  /** The PostgreSQL schema that holds the store, 1–63 bytes; several stores fit one database. @defaultValue "tidemark" */
  readonly schema?: string;
  /** `"auto"`: brings the schema up to date. `"verify"`: rejects if it is behind. `"off"`: does not check. @defaultValue "auto" */
  readonly migrate?: "auto" | "verify" | "off";
  /**
   * Whether to reject with `RoleRefusedError` where the role of the connection is a superuser, owns the schema, or may change or delete events.
   * `migrate` is then `"verify"` by default, and cannot be `"auto"`.
   * @defaultValue false
   */
  readonly requireRole?: boolean;
  /** Your own `pg.Pool` or `PGlite`, which the store never closes, or settings of the store's pool. */
  readonly pool?: PgPool | PGliteInstance | PoolSettings;
  /** Whether to use named prepared statements. If a pooler loses them, the store logs that once and continues without. @defaultValue true */
  readonly prepare?: boolean;
  /**
   * `synchronous_commit` of appends. `"server"`: the server's setting. `"on"`: a successful append survives a crash of the
   * server. `"off"`: faster, but a crash may lose the last moments.
   * @defaultValue "server"
   */
  readonly durability?: "server" | "on" | "off";
  /**
   * `"chain"`: each event carries a hash of itself and of the event before it in its stream, so that `verify` finds what was changed. The database
   * computes it, for every process. A store that is first opened so later is chained from there on; that needs `migrate: "auto"`, or `tidemark migrate chain`.
   * `"none"`: does not ask for it. Events that are chained already go on being so.
   * @defaultValue "none"
   */
  readonly integrity?: "none" | "chain";
  readonly limits?: {
    /** The most bytes of JSON in one event's data and metadata, 1,024 to 16,777,216. Beyond: `EventTooLargeError`. @defaultValue 1,048,576 */
    readonly eventBytes?: number;
    /** The most appends that wait, at least 1. Beyond: `QueueFullError`. @defaultValue 10,000 */
    readonly queuedAppends?: number;
  };
  /**
   * The event types of this application, made by `defineEvents`. What you append is checked and stored as they say, what you read is brought
   * up to date, and the store's calls have their types.
   * @defaultValue any event, stored as it is
   */
  readonly events?: EventCatalogue<Events, Input>;
  /**
   * What readers get of a stored event whose type or version the catalogue does not know. `"error"`: `UnknownEventTypeError`.
   * `"skip"`: nothing; `store.skippedTypes()` counts them, and the logger warns. `"pass"`: what is stored. Appends of unknown types are always rejected. Needs `events`.
   * @defaultValue "error"
   */
  readonly unknownEvents?: "error" | "skip" | "pass";
  /**
   * Whether to check data also when it is read, after it was brought up to date. The schemas have to be synchronous and to accept what they
   * return. Needs `events`.
   * @defaultValue false
   */
  readonly validateReads?: boolean;
  /** The projections that this application knows, inline and async. They are registered when the store opens. */
  readonly projections?: readonly Projection[];
  /**
   * What happens if another application made an inline projection live that this store was opened without. `"warn"`: marks
   * it as behind before this store appends; a store that knows it brings it up to date in the background. `"error"`: rejects appends, unless this store has another version of it: then it is marked as behind.
   * @defaultValue "warn"
   */
  readonly unknownProjections?: "warn" | "error";
  /**
   * What happens when documents are read that lack events, because their projection is not live; see `StaleDocuments`. `documents(…, { stale })`
   * says it for one reading. Readings by the name of a collection are not looked at.
   * @defaultValue an error where the version is still being built, or is an inline one that stopped at an event; else a warning
   */
  readonly staleDocuments?: StaleDocuments;
  /** Receives what no call can return. @defaultValue one that prints warnings and errors to stderr */
  readonly logger?: Logger;
  /** The clock of `recordedAt`, for tests. @defaultValue the database's */
  readonly now?: () => Date;
  /** Makes the ids of events without one: UUIDs that never repeat. @defaultValue new UUIDs of version 7 */
  readonly createId?: () => string;
  /**
   * `"automatic"`: events without a `correlationId` get one from `createId`, the same for all events of one call or one transaction.
   * One from the event, `withMetadata` or `store.withMetadata` wins. `"given"`: the store makes none.
   * @defaultValue "given"
   */
  readonly correlationIds?: "given" | "automatic";
}

/** Options as the store works with them: everything is there. */
export interface ValidStoreOptions {
  readonly schema: string;
  readonly migrate: "auto" | "verify" | "off";
  readonly requireRole: boolean;
  /** The caller's own pool or PGlite, else undefined. */
  readonly givenPool: PgPool | PGliteInstance | undefined;
  readonly pool: ValidPoolSettings;
  readonly prepare: boolean;
  readonly durability: "server" | "on" | "off";
  readonly integrity: "none" | "chain";
  readonly limits: { readonly eventBytes: number; readonly queuedAppends: number };
  /** Each is yet to be looked at. */
  readonly projections: readonly unknown[];
  readonly unknownProjections: "warn" | "error";
  /** Undefined: as each reason says. */
  readonly staleDocuments: StaleDocuments | undefined;
  readonly logger: Logger;
  readonly now: (() => Date) | undefined;
  readonly createId: () => string;
  readonly correlationIds: "given" | "automatic";
  readonly events: EventCatalogue | undefined;
  readonly unknownEvents: "error" | "skip" | "pass";
  readonly validateReads: boolean;
}

const limitsShape = { eventBytes: wholeNumber(1024, 16 * 1024 * 1024), queuedAppends: wholeNumber(1) };
const shape = {
  schema: checkSchemaName,
  migrate: oneOf("auto", "verify", "off"),
  requireRole: checkBoolean,
  pool: checkPool,
  prepare: checkBoolean,
  durability: oneOf("server", "on", "off"),
  integrity: oneOf("none", "chain"),
  limits: (value: unknown, path: string) => checkOptions(value, limitsShape, path),
  logger: checkLogger,
  now: checkClock,
  createId: checkFunction<() => string>,
  correlationIds: oneOf("given", "automatic"),
  projections: checkArray,
  unknownProjections: oneOf("warn", "error"),
  staleDocuments: checkStaleDocuments,
  events: checkCatalogue,
  unknownEvents: oneOf("error", "skip", "pass"),
  validateReads: checkBoolean,
};

/** Written at the time of the call, so that a console replaced later is used. */
const standardError: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (...args) => console.warn(...args),
  error: (...args) => console.error(...args),
};

/** The arguments of `openEventStore` as they were given: none, a URL, options, or both. */
export function checkOpenArguments(given: readonly unknown[]): { readonly target: StoreTarget; readonly options: ValidStoreOptions } {
  const [first, second] = given;
  const optionsAlone = isRecord(first) && !(first instanceof URL);
  if (optionsAlone && second !== undefined) throw new InvalidArgumentError("url", `must be a string where options follow it, not ${describeValue(first)}`);
  const target = checkStoreUrl(optionsAlone ? undefined : first);
  const options = checkStoreOptions(optionsAlone ? first : second);
  if (target.kind !== "memory" && options.givenPool !== undefined) {
    throw new InvalidArgumentError("options.pool", "is your own pool, but a URL was given too; leave the URL out, or pass pool settings");
  }
  // Without this line, a deployment that forgot its DATABASE_URL would take every event and keep none.
  if (given.length > 0 && first === undefined && options.givenPool === undefined) {
    throw new InvalidArgumentError(
      "url",
      'is undefined, perhaps from an environment variable that is not set. A store in memory would keep nothing: set the variable, pass "file:./data" to keep events in a folder, or leave the argument out for a store in memory',
    );
  }
  return { target, options };
}

/** Checks the options of `openEventStore` and fills in the defaults. */
export function checkStoreOptions(options: unknown): ValidStoreOptions {
  for (const key of ["url", "connectionString"]) {
    if (isRecord(options) && options[key] !== undefined)
      throw new InvalidArgumentError(`options.${key}`, "is not an option: the URL is the first argument, openEventStore(url, options)");
  }
  const given = checkOptions(options, shape);
  for (const key of ["unknownEvents", "validateReads"] as const) {
    if (given[key] !== undefined && given.events === undefined)
      throw new InvalidArgumentError(`options.${key}`, "is about a catalogue of events; give that too, as options.events: defineEvents({ … })");
  }
  const { requireRole = false } = given;
  if (requireRole && given.migrate === "auto")
    throw new InvalidArgumentError(
      "options.migrate",
      'is "auto", but a role that may migrate owns the schema, and requireRole refuses it. Leave migrate out, and run "npx tidemark migrate up" as the owner',
    );
  return {
    schema: given.schema ?? "tidemark",
    migrate: given.migrate ?? (requireRole ? "verify" : "auto"),
    requireRole,
    ...(given.pool ?? checkPool({}, "options.pool")),
    prepare: given.prepare ?? true,
    durability: given.durability ?? "server",
    integrity: given.integrity ?? "none",
    limits: { eventBytes: given.limits?.eventBytes ?? 1_048_576, queuedAppends: given.limits?.queuedAppends ?? 10_000 },
    projections: given.projections ?? [],
    unknownProjections: given.unknownProjections ?? "warn",
    staleDocuments: given.staleDocuments,
    logger: given.logger ?? standardError,
    now: given.now,
    createId: given.createId ?? newId,
    correlationIds: given.correlationIds ?? "given",
    events: given.events,
    unknownEvents: given.unknownEvents ?? "error",
    validateReads: given.validateReads ?? false,
  };
}

/** The clock of a test: what it returns is checked at each append, or an invalid Date would fail there with an error that names nothing. */
function checkClock(value: unknown, path: string): () => Date {
  const now = checkFunction<() => Date>(value, path);
  return () => checkDate(now(), `${path}()`);
}

function checkArray(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return Array.from<unknown>(value);
  throw new InvalidArgumentError(path, `must be an array of what documentProjection and defineProjection return, not ${describeValue(value)}`);
}

/** What only looks like a catalogue is refused by the room that makes codecs of them. */
function checkCatalogue(value: unknown, path: string): EventCatalogue {
  if (isCatalogue(value)) return value;
  throw new InvalidArgumentError(path, `must be a catalogue made by defineEvents, not ${describeValue(value)}`);
}

function isCatalogue(value: unknown): value is EventCatalogue {
  return isRecord(value) && Array.isArray(value["types"]);
}

function checkLogger(value: unknown, path: string): Logger {
  if (isLogger(value)) return value;
  throw new InvalidArgumentError(path, `must have the functions debug, info, warn and error, as console does; got ${describeValue(value)}`);
}

function isLogger(value: unknown): value is Logger {
  return isRecord(value) && ["debug", "info", "warn", "error"].every((level) => typeof value[level] === "function");
}
