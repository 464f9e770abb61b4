import type { RecordedEvent } from "../model/event.ts";
import { nameErrors, type Origin, sentence, TidemarkError } from "./tidemark-error.ts";

/** Where an event of an unknown type is, or was to go. */
export interface UnknownEventPlace {
  readonly schemaVersion?: number | undefined;
  readonly path?: string | undefined;
  readonly position?: number | undefined;
}

/**
 * The catalogue of the application does not know an event's type, or not this version of it. If `path` is set, the event was to be
 * appended, and nothing was written. If `position` is set, it was read.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "UNKNOWN_EVENT_TYPE")) console.error(error.type, error.path ?? error.position);
 * ```
 */
export class UnknownEventTypeError extends TidemarkError {
  declare readonly code: "UNKNOWN_EVENT_TYPE";
  readonly type: string;
  /** The version of the stored event's shape. Undefined for an append. */
  readonly schemaVersion: number | undefined;
  /** The place of the type in the call: `events[2].type`. Undefined for a reading. */
  readonly path: string | undefined;
  /** The position of the stored event. Undefined for an append. */
  readonly position: number | undefined;

  constructor(type: string, message: string, { schemaVersion, path, position }: UnknownEventPlace = {}) {
    super("UNKNOWN_EVENT_TYPE", message);
    this.type = type;
    this.schemaVersion = schemaVersion;
    this.path = path;
    this.position = position;
  }
}

/**
 * One problem of an event's data, with its place in the call.
 *
 * @example
 * ```ts
 * const issue: EventIssue = { path: "events[2].data.lines[0].sku", message: "Expected a string" };
 * ```
 */
export interface EventIssue {
  readonly path: string;
  readonly message: string;
}

/** So many issues stand in a message; `issues` has them all. */
const shownIssues = 5;

export function issuesText(issues: readonly EventIssue[]): string {
  const shown = issues.slice(0, shownIssues).map(({ path, message }) => `${path}: ${message}`);
  if (issues.length > shownIssues) shown.push(`and ${issues.length - shownIssues} more`);
  return shown.join("; ");
}

/**
 * The data of an event is not what the catalogue says of its type. Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "EVENT_VALIDATION")) console.error(error.type, error.issues);
 * ```
 */
export class EventValidationError extends TidemarkError {
  declare readonly code: "EVENT_VALIDATION";
  readonly type: string;
  /** What the schema found wrong, each with its path. */
  readonly issues: readonly EventIssue[];

  constructor(type: string, issues: readonly EventIssue[], origin: Origin = {}) {
    super(
      "EVENT_VALIDATION",
      `The data of an event of type ${JSON.stringify(type)} does not fit its schema: ${sentence(issuesText(issues))} Nothing was written.`,
      origin,
    );
    this.type = type;
    this.issues = issues;
  }
}

/**
 * The catalogue could not turn a stored event into what today's code knows: a step threw, or its result does not fit. The event is
 * stored as it was, and every reading gets the same error until the catalogue is corrected.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "EVENT_UNDECODABLE")) console.error(error.type, error.schemaVersion, error.position, error.cause);
 * ```
 */
export class EventDecodingError extends TidemarkError {
  declare readonly code: "EVENT_UNDECODABLE";
  readonly type: string;
  /** The version of the stored event's shape. */
  readonly schemaVersion: number;
  readonly streamId: string;
  readonly position: number;
  readonly eventId: string;

  constructor(event: Pick<RecordedEvent, "type" | "schemaVersion" | "streamId" | "position" | "id">, problem: string, origin: Origin = {}) {
    const { type, schemaVersion, streamId, position, id } = event;
    super(
      "EVENT_UNDECODABLE",
      `The event of type ${JSON.stringify(type)}, version ${schemaVersion}, at position ${position} cannot be read: ${sentence(problem)} Correct the catalogue, then read again.`,
      origin,
    );
    this.type = type;
    this.schemaVersion = schemaVersion;
    this.streamId = streamId;
    this.position = position;
    this.eventId = id;
  }
}

nameErrors({ UnknownEventTypeError, EventValidationError, EventDecodingError });
