import { nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";

/**
 * A projection could not apply an event. The cause is what its `documentId`, `evolve` or handler threw. If the projection is inline,
 * the append wrote nothing; concurrent appends were not affected.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_FAILED")) console.error(error.message);
 * ```
 */
export class ProjectionFailedError extends TidemarkError {
  declare readonly code: "PROJECTION_FAILED";
  readonly projection: string;
  /** Of the event. */
  readonly streamId: string;
  readonly type: string;
  readonly eventId: string;
  /** The document that could not be made or stored, where it is one of a document projection and is known. */
  readonly documentId: string | undefined;
  /** Where a unique index found the same value in another document; of an index by several paths all, with commas between. */
  readonly path: string | undefined;

  constructor(
    projection: string,
    event: { readonly streamId: string; readonly type: string; readonly id: string },
    problem: string,
    { documentId, path, ...origin }: Origin & { readonly documentId?: string | undefined; readonly path?: string | undefined } = {},
  ) {
    super(
      "PROJECTION_FAILED",
      `Projection ${JSON.stringify(projection)} could not apply the event ${JSON.stringify(event.type)} of stream ${JSON.stringify(event.streamId)}: ${problem}. Nothing of its append or batch was written: correct the projection, or the event.`,
      origin,
    );
    this.projection = projection;
    this.streamId = event.streamId;
    this.type = event.type;
    this.eventId = event.id;
    this.documentId = documentId;
    this.path = path;
  }
}

/**
 * The documents of an inline projection cannot be read. The projection could not apply an event and stopped there, so it lacks that
 * event and all later ones. Appends do not write it, and are not delayed.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_STOPPED")) console.error(error.message);
 * ```
 */
export class ProjectionStoppedError extends TidemarkError {
  declare readonly code: "PROJECTION_STOPPED";
  readonly projection: string;
  readonly version: number;
  /** Of the event. */
  readonly streamId: string;
  readonly eventId: string;
  readonly position: number;

  constructor(
    { name, version }: { readonly name: string; readonly version: number },
    event: { readonly streamId: string; readonly id: string; readonly position: number },
    problem: string,
  ) {
    super(
      "PROJECTION_STOPPED",
      `The documents of projection ${JSON.stringify(name)}, version ${version}, cannot be read: it stopped at the event at position ${event.position}, in stream ${JSON.stringify(event.streamId)}, so that event and all later ones are missing. Correct the projection, open the store again, then call store.projections.resume(${JSON.stringify(name)}, { version: ${version} }). What went wrong: ${problem}`,
    );
    this.projection = name;
    this.version = version;
    this.streamId = event.streamId;
    this.eventId = event.id;
    this.position = event.position;
  }
}

/**
 * Appends of this store have to write inline projections that it was opened without, and `unknownProjections` is `"error"`.
 * Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "UNKNOWN_PROJECTION")) console.error(error.message);
 * ```
 */
export class UnknownProjectionError extends TidemarkError {
  declare readonly code: "UNKNOWN_PROJECTION";
  /** Their names. */
  readonly projections: readonly string[];

  constructor(projections: readonly string[]) {
    super(
      "UNKNOWN_PROJECTION",
      `This store was opened without ${projections.map((name) => JSON.stringify(name)).join(", ")}, which appends must write. Nothing was written: pass it to openEventStore, deactivate it with store.projections.deactivate, or let a worker follow it with unknownProjections: "warn".`,
    );
    this.projections = projections;
  }
}

nameErrors({ ProjectionFailedError, ProjectionStoppedError, UnknownProjectionError });
