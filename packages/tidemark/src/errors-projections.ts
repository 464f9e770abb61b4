import { nameErrors, type Origin, TidemarkError } from "./error.ts";

/**
 * A projection could not take an event: what its `documentId`, `evolve` or handler threw is the cause. Of an inline projection,
 * the append that brought the event wrote nothing; the appends beside it were not harmed.
 */
export class ProjectionFailedError extends TidemarkError {
  declare readonly code: "PROJECTION_FAILED";
  readonly projection: string;
  /** Of the event. */
  readonly streamId: string;
  readonly type: string;
  readonly eventId: string;

  constructor(projection: string, event: { readonly streamId: string; readonly type: string; readonly id: string }, problem: string, origin: Origin = {}) {
    super(
      "PROJECTION_FAILED",
      `Projection ${JSON.stringify(projection)} could not take the event ${JSON.stringify(event.type)} of stream ${JSON.stringify(event.streamId)}: ${problem}. Nothing of its append or batch was written: correct the projection, or the event.`,
      origin,
    );
    this.projection = projection;
    this.streamId = event.streamId;
    this.type = event.type;
    this.eventId = event.id;
  }
}

/**
 * Appends of this store have to write inline projections that it was opened without, and `unknownProjections` is `"error"`.
 * Nothing was written.
 */
export class UnknownProjectionError extends TidemarkError {
  declare readonly code: "UNKNOWN_PROJECTION";
  /** Their names. */
  readonly projections: readonly string[];

  constructor(projections: readonly string[]) {
    super(
      "UNKNOWN_PROJECTION",
      `This store was opened without ${projections.map((name) => JSON.stringify(name)).join(", ")}, which appends have to write. Nothing was written: pass it to openEventStore, deactivate it with store.projections.deactivate, or let a worker follow it with unknownProjections: "warn".`,
    );
    this.projections = projections;
  }
}

nameErrors({ ProjectionFailedError, UnknownProjectionError });
