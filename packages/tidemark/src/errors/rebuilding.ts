import { nameErrors, type Origin, sentence, TidemarkError } from "./tidemark-error.ts";

interface Version {
  readonly name: string;
  readonly version: number;
}

/**
 * A version of a projection cannot serve now. Nothing changed: the version that serves goes on to.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_NOT_READY")) console.error(error.reason);
 * ```
 */
export class ProjectionNotReadyError extends TidemarkError {
  declare readonly code: "PROJECTION_NOT_READY";
  readonly projection: string;
  readonly version: number | undefined;
  /**
   * `"building"`, `"failed"` (its check found a difference), `"inactive"` (nothing writes it), `"behind"`, `"snapshots"` (transactions are
   * open that began before it was ready), `"busy"` (a lock was held for too long), or `"none"`: there is no version to go back to.
   */
  readonly reason: "building" | "failed" | "inactive" | "behind" | "snapshots" | "busy" | "none";

  /** @param problem - Ends without a full stop. */
  constructor(
    { name, version }: { readonly name: string; readonly version?: number | undefined },
    reason: ProjectionNotReadyError["reason"],
    problem: string,
    origin: Origin = {},
  ) {
    const which = version === undefined ? "" : `, version ${version},`;
    super("PROJECTION_NOT_READY", `Projection ${JSON.stringify(name)}${which} cannot serve now: ${sentence(problem)} Nothing changed.`, {
      retryable: reason !== "failed" && reason !== "inactive" && reason !== "none",
      ...origin,
    });
    this.projection = name;
    this.version = version;
    this.reason = reason;
  }
}

/**
 * A version of a projection serves: readers of its collection see its documents, so that it can be neither built anew nor dropped.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_SERVING")) console.error(error.projection, error.version);
 * ```
 */
export class ProjectionServingError extends TidemarkError {
  declare readonly code: "PROJECTION_SERVING";
  readonly projection: string;
  readonly version: number;

  /** @param problem - What was asked, and what to do instead. */
  constructor({ name, version }: Version, problem: string) {
    super("PROJECTION_SERVING", `Version ${version} of projection ${JSON.stringify(name)} serves. ${problem}`);
    this.projection = name;
    this.version = version;
  }
}

/**
 * Something of yours hangs on the table of one version of a collection, where it would stay when another version serves, or which it keeps from
 * being dropped. Nothing changed.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_DEPENDENTS")) console.error(error.dependents.map(({ kind, name }) => `${kind} ${name}`));
 * ```
 */
export class ProjectionDependentsError extends TidemarkError {
  declare readonly code: "PROJECTION_DEPENDENTS";
  readonly projection: string;
  readonly version: number;
  readonly dependents: readonly { readonly kind: string; readonly name: string }[];

  constructor({ name, version }: Version, dependents: ProjectionDependentsError["dependents"], problem?: string) {
    const names = dependents.map((dependent) => `${dependent.kind} ${dependent.name}`).join(", ");
    super(
      "PROJECTION_DEPENDENTS",
      `Version ${version} of projection ${JSON.stringify(name)} does not serve yet: the table of the version that does has what cannot be carried over: ${names}. ${
        problem ??
        'Nothing changed. Have views read the collection\'s view, which stays the same object; give the new table its own policies, triggers and publications, by the same names; or leave them where they are: store.projections.swap(name, { dependents: "keep" }).'
      }`,
    );
    this.projection = name;
    this.version = version;
    this.dependents = dependents;
  }
}

/**
 * The build of a projection's version stopped at an event. The version that serves is not affected.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_BUILD_FAILED")) console.error(error.position, error.message);
 * ```
 */
export class ProjectionBuildFailedError extends TidemarkError {
  declare readonly code: "PROJECTION_BUILD_FAILED";
  readonly projection: string;
  readonly version: number;
  /** Of the event, where it is known. */
  readonly position: number | undefined;

  constructor({ name, version }: Version, position: number | undefined, problem: string) {
    super(
      "PROJECTION_BUILD_FAILED",
      `The build of projection ${JSON.stringify(name)}, version ${version}, stopped${position === undefined ? "" : ` at the event at position ${position}`}: ${sentence(problem)} The version that serves is not affected. Correct the projection, start a process with it and call store.projections.resume(${JSON.stringify(name)}, { version: ${version} }); or give it up: store.projections.drop(${JSON.stringify(name)}, ${version}).`,
    );
    this.projection = name;
    this.version = version;
    this.position = position;
  }
}

/**
 * The check of a version that was built found documents that a fold of the log makes otherwise. It does not serve; the version that serves is not
 * affected.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_CHECK_FAILED")) console.error(error.projection, error.differences);
 * ```
 */
export class ProjectionCheckFailedError extends TidemarkError {
  declare readonly code: "PROJECTION_CHECK_FAILED";
  readonly projection: string;
  readonly version: number;
  /** What was found, a few documents of it. */
  readonly differences: unknown;

  constructor({ name, version }: Version, differences: unknown) {
    super(
      "PROJECTION_CHECK_FAILED",
      `The check of projection ${JSON.stringify(name)}, version ${version}, found documents that the log makes otherwise: ${JSON.stringify(differences)?.slice(0, 500)}. It does not serve. Where its evolve is not pure, such as one that reads a clock, correct it and raise the version; then drop this one: store.projections.drop(${JSON.stringify(name)}, ${version}).`,
    );
    this.projection = name;
    this.version = version;
    this.differences = differences;
  }
}

nameErrors({ ProjectionCheckFailedError, ProjectionNotReadyError, ProjectionServingError, ProjectionDependentsError, ProjectionBuildFailedError });
