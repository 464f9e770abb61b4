import type { NewAuditEntry } from "../../audit/audit.ts";
import type { EventStore } from "../../store/event-store.ts";

/** What the audit says of one call. */
export type Act = Pick<NewAuditEntry, "subject" | "parameters" | "reason">;

/** A call that changes nothing. */
type Reads = "reads";

/** A call that writes to the audit itself. */
type Writes = "writes";

/**
 * Each call of an administration: what the audit says of it, by what it was given; undefined where it changes nothing then. One that is left
 * out does not compile.
 */
type Acts<Administration> = {
  readonly [Call in keyof Administration]: Administration[Call] extends (...given: infer Given) => unknown
    ? ((...given: Given) => Act | undefined) | Reads | Writes
    : never;
};

type Administrations = "consumers" | "relays" | "projections" | "processes" | "deadLetters" | "timers" | "outbox" | "indexes" | "audit";

const subject =
  (kind: string) =>
  (name: string): Act => ({ subject: `${kind} ${name}` });
const [consumer, relay, projection, indexes] = [subject("consumer"), subject("relay"), subject("projection"), subject("indexes")];

/** Whoever looks for what was done to a consumer finds its letters, too. */
const letter: Acts<EventStore["deadLetters"]>["retry"] = (key) => ({
  subject: `${key.kind ?? "consumer"} ${key.consumer}`,
  parameters: "position" in key ? { position: key.position } : { eventId: key.eventId },
});
const instance = (name: string, id: string): Act => ({ subject: `process ${name} ${id}` });

/** All that a command can change in the running of a store. What it appends is in the log. */
export const acts: { readonly [Name in Administrations]: Acts<EventStore[Name]> } = {
  consumers: {
    list: "reads",
    get: "reads",
    pause: (name, options) => ({ ...consumer(name), ...paused(options) }),
    resume: consumer,
    reset: (name, { after }) => ({ ...consumer(name), parameters: { after } }),
    rename: (name, to) => ({ ...consumer(name), parameters: { to } }),
    delete: consumer,
  },
  relays: {
    list: "reads",
    get: "reads",
    pause: (name, options) => ({ ...relay(name), ...paused(options) }),
    resume: relay,
    reset: (name, { after }) => ({ ...relay(name), parameters: { after } }),
    replay: (of, { from, until } = {}) => ({ ...relay(typeof of === "string" ? of : of.name), parameters: { from, until } }),
  },
  projections: {
    list: "reads",
    get: "reads",
    pause: (name, { version } = {}) => ({ ...projection(name), parameters: { version } }),
    resume: (name, { version } = {}) => ({ ...projection(name), parameters: { version } }),
    deactivate: (name, { version } = {}) => ({ ...projection(name), parameters: { version } }),
    rebuild: (name, { version, swap } = {}) => ({ ...projection(name), parameters: { version, swap } }),
    swap: (name, { version, dependents } = {}) => ({ ...projection(name), parameters: { version, dependents } }),
    rollBack: (name, { version, dependents } = {}) => ({ ...projection(name), parameters: { version, dependents } }),
    drop: (name, version, { teardown } = {}) => ({ ...projection(name), parameters: { version, teardown } }),
    rebuildDocument: (name, id, { version } = {}) => ({ ...projection(name), parameters: { id, version } }),
    check: "reads",
  },
  processes: { list: "reads", versions: "reads", get: "reads", retry: instance, cancel: instance },
  deadLetters: { list: "reads", get: "reads", retry: letter, discard: letter, history: "reads" },
  timers: { list: "reads", cancel: subject("timer") },
  outbox: { list: "reads", stats: "reads", cleanUp: (options) => ({ subject: "outbox", parameters: { keepMs: options?.keepMs } }) },
  indexes: { list: "reads", create: indexes, drop: indexes },
  audit: {
    record: "writes",
    settle: "writes",
    list: "reads",
    prune: ({ before, dryRun }) => (dryRun ? undefined : { subject: "audit", parameters: { before: before.toISOString() } }),
  },
};

function paused({ reason, by }: { readonly reason?: string; readonly by?: string } = {}): Omit<Act, "subject"> {
  return { parameters: { by }, ...(reason !== undefined && { reason }) };
}
