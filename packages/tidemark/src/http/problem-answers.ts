import type { ErrorByCode } from "../errors/errors.ts";
import type { JsonValue } from "../model/event.ts";

/** What a client is told of an error. Nothing that is not named here leaves the process: messages can hold SQL, hosts and other people's data. */
export interface ProblemAnswer<E> {
  readonly status: number;
  /** Where the error itself knows better. */
  readonly statusOf?: (error: E) => number;
  readonly title: string;
  readonly detail?: (error: E) => string;
  readonly facts?: (error: E) => Readonly<Record<string, JsonValue>>;
  /** Seconds after which trying again makes sense, if the error is retryable. */
  readonly retryAfter?: number | ((error: E) => number);
}

type ProblemAnswers = { readonly [Code in keyof ErrorByCode]: ProblemAnswer<ErrorByCode[Code]> };

const ours = { status: 500, title: "Internal server error" };
const away = { status: 503, title: "Not available at the moment", retryAfter: 1 };

/** Every code: the compiler refuses one without an answer. `docs/reference/errors.md` shows the statuses, and a test compares them. */
export const problemAnswers: ProblemAnswers = {
  VERSION_CONFLICT: {
    status: 412,
    title: "Changed meanwhile",
    detail: ({ actual }) => `It is at version ${actual}, not at the version that was expected. Read it again.`,
    facts: ({ actual }) => ({ actual }),
  },
  CONDITION_FAILED: { status: 409, title: "Changed meanwhile", detail: () => "Something that the decision depends on has changed. Read it again." },
  DUPLICATE_EVENT: {
    status: 422,
    title: "Sent before with other content",
    detail: () => "The same key or event id came before with other content. Send a new request with a new key.",
  },
  INVALID_ARGUMENT: { status: 400, title: "Invalid value", detail: ({ message }) => message, facts: ({ path }) => ({ path }) },
  EVENT_TOO_LARGE: {
    status: 413,
    title: "Too large",
    detail: ({ bytes, limit }) => `It has ${bytes} bytes; at most ${limit} are allowed.`,
    facts: ({ bytes, limit }) => ({ bytes, limit }),
  },
  QUEUE_FULL: { ...away, title: "Too many requests at the moment" },
  OUTCOME_UNKNOWN: {
    ...away,
    title: "Outcome unknown",
    detail: () => "Whether it was written is not known. Send the same request again, with the same Idempotency-Key.",
  },
  CONNECTION: { ...away, retryAfter: 5 },
  POOL_TIMEOUT: away,
  SCHEMA_OUTDATED: ours,
  SCHEMA_TOO_NEW: ours,
  MIGRATION_CHANGED: ours,
  ROLE_REFUSED: ours,
  STORE_CLOSED: { ...away, title: "Shutting down" },
  STORE_LOCKED: ours,
  MISSING_DEPENDENCY: ours,
  SERIALIZATION_FAILURE: away,
  TRANSACTION_ENDED: ours,
  DATABASE: { ...ours, statusOf: ({ retryable }) => (retryable ? 503 : 500), retryAfter: 1 },
  FENCED: ours,
  HISTORY_FORKED: ours,
  SEQUENCE_BEHIND: ours,
  WAIT_TIMEOUT: { ...away, title: "Not there yet", detail: () => "What was written is not visible everywhere yet. Try again." },
  TIMER_FAILED: ours,
  HANDLER_TIMEOUT: ours,
  HANDLER_FAILED: ours,
  NOT_FOUND: { status: 404, title: "Not found", detail: ({ kind, key }) => `There is no ${kind} ${JSON.stringify(key)}.` },
  PROCESS_PARKED: ours,
  PROCESS_VERSION_MISSING: ours,
  MESSAGE_REFUSED: { status: 502, title: "Refused by another system" },
  DESTINATION_UNAVAILABLE: { ...away, retryAfter: ({ retryAfterMs = 1_000 }) => Math.max(1, Math.ceil(retryAfterMs / 1_000)) },
  SINK_UNAVAILABLE: { ...away, retryAfter: 5 },
  INDEX_MISSING: ours,
  PROJECTION_FAILED: ours,
  PROJECTION_STOPPED: ours,
  UNKNOWN_PROJECTION: ours,
  PROJECTION_CHANGED: ours,
  INDEX_REFUSED: ours,
  STALE_DOCUMENTS: { ...away, retryAfter: 5 },
  PROJECTION_NOT_READY: { ...away, retryAfter: 5 },
  PROJECTION_SERVING: { status: 409, title: "In use" },
  PROJECTION_DEPENDENTS: { status: 409, title: "In use" },
  PROJECTION_BUILD_FAILED: ours,
  PROJECTION_CHECK_FAILED: ours,
  UNKNOWN_EVENT_TYPE: {
    status: 400,
    // One that is stored is no fault of the request.
    statusOf: ({ position }) => (position === undefined ? 400 : 500),
    title: "Unknown type of event",
  },
  EVENT_VALIDATION: {
    status: 422,
    title: "Invalid data",
    detail: ({ issues }) => issues.map(({ path, message }) => `${path}: ${message}`).join("; "),
    facts: ({ issues }) => ({ issues: issues.map(({ path, message }) => ({ path, message })) }),
  },
  EVENT_UNDECODABLE: ours,
  REQUEST_REFUSED: { status: 400, statusOf: ({ status }) => status, title: "Request refused", detail: ({ message }) => message },
};
