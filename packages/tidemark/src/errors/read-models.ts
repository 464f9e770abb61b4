import { nameErrors, TidemarkError } from "./tidemark-error.ts";

/**
 * What of a projection cannot change under one version: what is there was made by the old definition.
 *
 * @example
 * ```ts
 * const rebuilt: readonly ProjectionChange[] = ["mode", "collection", "events"];
 * ```
 */
export type ProjectionChange = "mode" | "collection" | "events";

/**
 * A projection that the store is opened with, or that a worker is given, differs from what its version was registered with. Nothing was
 * changed. Raise the version: the new one is built beside the old.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "PROJECTION_CHANGED")) console.error(error.projection, error.changed);
 * ```
 */
export class ProjectionChangedError extends TidemarkError {
  declare readonly code: "PROJECTION_CHANGED";
  readonly projection: string;
  readonly version: number;
  /** What differs: its mode, its collection, or the events that `handles` and `filter` let through. */
  readonly changed: ProjectionChange;

  constructor({ name, version }: { readonly name: string; readonly version: number }, changed: ProjectionChange, difference: string) {
    super(
      "PROJECTION_CHANGED",
      `Projection ${JSON.stringify(name)} ${difference} What is there was made by version ${version} as it was registered, so nothing was changed. Set version: ${version + 1} in the definition, and it is built anew beside the old one; or take the change back.`,
    );
    this.projection = name;
    this.version = version;
    this.changed = changed;
  }
}

nameErrors({ ProjectionChangedError });
