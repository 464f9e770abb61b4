import { type EventStore, InvalidArgumentError, type RecordedEvent } from "tidemark";
import { type Role, roles } from "../wire/changes.ts";

/**
 * The paths of an event's values that nobody may see: `"data.email"`, `"metadata.actorId"`, `"data.items.*.price"`, or `"data"` for all of it.
 *
 * @example
 * ```ts
 * const paths: MaskedPaths = ["data.email", "data.items.*.price"];
 * ```
 */
export type MaskedPaths = readonly string[];

/**
 * What somebody may do. A viewer reads. An operator also pauses, resumes, retries and replays. An admin also resets and discards, and reads the audit.
 *
 * @example
 * ```ts
 * const role: StudioRole = "operator";
 * ```
 */
export type StudioRole = Role;

/**
 * Who looks, by the application's word.
 *
 * @example
 * ```ts
 * const user: StudioUser = { role: "operator", name: "ada" };
 * ```
 */
export interface StudioUser {
  readonly role: StudioRole;
  /** Stands in the audit, and with a pause. 1–256 bytes. @defaultValue nobody's */
  readonly name?: string;
}

/**
 * What was made of events: the state of a stream, a document, the state of a process or one of its commands. `name` is the category, the collection or
 * the process, `id` the stream, the document or the instance.
 *
 * @example
 * ```ts
 * const isCustomer = ({ kind, name }: DerivedValue): boolean => kind === "document" && name === "customers";
 * ```
 */
export interface DerivedValue {
  readonly kind: "state" | "document" | "process-state" | "command";
  readonly name: string;
  readonly id: string;
  /** As it is shown: JSON. */
  readonly value: unknown;
}

/**
 * As much of a decider as it takes to fold a stream: any `Decider` fits.
 *
 * @example
 * ```ts
 * const counted: StudioDecider = { initialState: () => 0, evolve: (count: number) => count + 1 };
 * ```
 */
export interface StudioDecider {
  readonly initialState: () => unknown;
  readonly evolve: (state: never, event: never) => unknown;
}

/**
 * Options of `studio`.
 *
 * @example
 * ```ts
 * const options: StudioOptions = { basePath: "/studio", hosts: ["admin.example.com"], authorize: (request) => request.headers.get("x-user") === "ada" };
 * ```
 */
export interface StudioOptions {
  /**
   * Decides whether a request may see the store, and change something: `true` lets a viewer in, who only reads. A role, or a user with a role and a name,
   * allows more. An error that it throws refuses. Without it, only requests with the studio's token are let in, and only from this machine's own names.
   *
   * @defaultValue a random token, made at each start
   */
  readonly authorize?: (request: Request) => boolean | StudioRole | StudioUser | Promise<boolean | StudioRole | StudioUser>;
  /** What whoever has the token may do. Where `authorize` decides, it is no option. @defaultValue "viewer", who only reads */
  readonly role?: StudioRole;
  /**
   * The host names under which the studio is reached, with or without a port: `"admin.example.com"`. Requests with another `Host` are refused. Needs
   * `authorize`, unless all are this machine's own.
   *
   * @defaultValue `["localhost", "127.0.0.1", "[::1]"]`
   */
  readonly hosts?: readonly string[];
  /** The path at which the studio is mounted: `"/studio"`. @defaultValue `""`, the root */
  readonly basePath?: string;
  /** The PostgreSQL schema of the store, as it was given to `openEventStore`. @defaultValue `"tidemark"` */
  readonly schema?: string;
  /**
   * Names what to mask in an event, wherever it is shown, beside what the store's catalogue calls `personal`. If it throws, all data and metadata of the event
   * are masked. @defaultValue nothing
   */
  readonly mask?: (event: RecordedEvent) => MaskedPaths;
  /**
   * Names what to mask in what was made of events: `"email"`, `"items.*.price"`, or `"*"` for all of it. If it throws, all of the value is masked, and
   * so it is without it where `mask` is given, or the catalogue calls something personal.
   *
   * @defaultValue nothing
   */
  readonly maskDerived?: (derived: DerivedValue) => MaskedPaths;
  /** By the category of streams, what shows their state: `{ cart: cartDecider }`. @defaultValue none */
  readonly deciders?: Readonly<Record<string, StudioDecider>>;
  /**
   * `"own"`: the studio shows the store that it was given, and no other tenant. `"all"`: of the store itself, it lists every tenant, and shows each by
   * `?tenant=`, which `authorize` sees in the address.
   *
   * @defaultValue "own"
   */
  readonly tenants?: "own" | "all";
  /** How long a request may wait for the database, 100 to 60,000 ms. @defaultValue 10,000 */
  readonly timeoutMs?: number;
}

export interface ValidOptions extends Required<Omit<StudioOptions, "authorize" | "mask" | "maskDerived">> {
  readonly maskDerived: StudioOptions["maskDerived"];
  readonly authorize: StudioOptions["authorize"];
  readonly mask: StudioOptions["mask"];
}

const loopback: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
const known = ["authorize", "role", "hosts", "basePath", "schema", "mask", "maskDerived", "deciders", "tenants", "timeoutMs"];
const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9])?)(:\d{1,5})?$/;

export function checkOptions(store: EventStore, options: StudioOptions): ValidOptions {
  if (typeof store?.readAll !== "function") throw new InvalidArgumentError("store", "must be what openEventStore returns");
  if (typeof options !== "object" || options === null) throw new InvalidArgumentError("options", "must be an object");
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown !== undefined) throw new InvalidArgumentError(`options.${unknown}`, `is not an option; known are ${known.join(", ")}`);
  const { authorize, mask, maskDerived, deciders = {}, hosts = loopback, role = "viewer", basePath = "", schema = "tidemark" } = options;
  const { tenants = "own", timeoutMs = 10_000 } = options;
  for (const [name, value] of Object.entries({ authorize, mask, maskDerived })) {
    if (value !== undefined && typeof value !== "function") throw new InvalidArgumentError(`options.${name}`, "must be a function");
  }
  if (!roles.includes(role)) throw new InvalidArgumentError("options.role", `must be one of ${roles.join(", ")}`);
  if (tenants !== "own" && tenants !== "all") throw new InvalidArgumentError("options.tenants", 'must be "own" or "all"');
  if (authorize && options.role !== undefined) throw new InvalidArgumentError("options.role", "is of whoever has the token, but authorize decides here");
  if (typeof basePath !== "string" || !/^(\/[\w.~-]*[\w~-][\w.~-]*)*$/.test(basePath))
    throw new InvalidArgumentError("options.basePath", 'must be a path such as "/studio", without a slash at its end');
  if (typeof schema !== "string" || schema === "") throw new InvalidArgumentError("options.schema", "must be the name of a PostgreSQL schema");
  if (!Number.isInteger(timeoutMs) || timeoutMs < 100 || timeoutMs > 60_000)
    throw new InvalidArgumentError("options.timeoutMs", "must be a whole number of milliseconds from 100 to 60000");
  return {
    authorize,
    mask: withPersonal(store, mask),
    maskDerived,
    deciders: checkDeciders(deciders),
    role,
    hosts: checkHosts(hosts, authorize !== undefined),
    basePath,
    schema,
    tenants,
    timeoutMs,
  };
}

/** What the catalogue calls personal is masked, whatever the hook names. One that returns nonsense masks everything, as without a catalogue. */
function withPersonal(store: EventStore, mask: StudioOptions["mask"]): StudioOptions["mask"] {
  if (store.personalPaths({ type: "", schemaVersion: 1 }) === undefined) return mask;
  return (event) => {
    const named = mask?.(event) ?? [];
    return Array.isArray(named) ? [...(store.personalPaths(event) ?? []), ...named] : named;
  };
}

function checkDeciders(deciders: Readonly<Record<string, StudioDecider>>): Readonly<Record<string, StudioDecider>> {
  if (typeof deciders !== "object" || deciders === null)
    throw new InvalidArgumentError("options.deciders", "must be an object of deciders by the category of their streams");
  for (const [category, decider] of Object.entries(deciders)) {
    if (typeof decider?.initialState !== "function" || typeof decider.evolve !== "function")
      throw new InvalidArgumentError(`options.deciders.${category}`, "must be a decider: an object with initialState and evolve");
  }
  return deciders;
}

function checkHosts(hosts: readonly string[], isAuthorized: boolean): readonly string[] {
  if (!Array.isArray(hosts) || hosts.length === 0) throw new InvalidArgumentError("options.hosts", "must be a list of host names");
  return hosts.map((host: unknown, index) => {
    const path = `options.hosts[${index}]`;
    const lower = typeof host === "string" ? host.toLowerCase() : "";
    const name = hostPattern.exec(lower)?.[1];
    if (name === undefined)
      throw new InvalidArgumentError(path, 'must be a host name such as "admin.example.com" or "localhost:4000", without a scheme or path');
    if (!isAuthorized && !loopback.includes(name))
      throw new InvalidArgumentError(path, `is ${JSON.stringify(host)}, which others can reach. Pass authorize, which decides who may look`);
    return lower;
  });
}
