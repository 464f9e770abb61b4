import { nameErrors, TidemarkError } from "./tidemark-error.ts";

/**
 * What of a projection cannot change under one version: what is there was made by the old definition.
 *
 * @example
 * ```ts
 * const rebuilt: readonly ProjectionChange[] = ["mode", "collection", "deletes", "events"];
 * ```
 */
export type ProjectionChange = "mode" | "collection" | "deletes" | "events";

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
  /** What differs: its mode, its collection, what it does with deleted documents, or the events that `handles` and `filter` let through. */
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

/**
 * Documents of one tenant that have the same values at the paths of a unique index.
 *
 * @example
 * ```ts
 * export const idsOf = (same: readonly DuplicateDocuments[]): readonly string[] => same.flatMap(({ documentIds }) => documentIds);
 * ```
 */
export interface DuplicateDocuments {
  readonly tenant: string;
  /** What they have in common, in the order of the index's paths. */
  readonly values: readonly unknown[];
  /** The first 10 by id. */
  readonly documentIds: readonly string[];
  /** How many there are. */
  readonly count: number;
}

/**
 * A unique index that the definition of a projection has, but its collection has not yet, cannot be created: documents that are there
 * repeat a value. The collection is as it was, without the index.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "INDEX_REFUSED")) console.error(error.duplicates);
 * ```
 */
export class IndexRefusedError extends TidemarkError {
  declare readonly code: "INDEX_REFUSED";
  readonly collection: string;
  /** Of the projection. */
  readonly version: number;
  /** The paths of the index. */
  readonly paths: readonly string[];
  /** At most 10 values that are repeated, the most frequent first. */
  readonly duplicates: readonly DuplicateDocuments[];

  constructor(
    { collection, version }: { readonly collection: string; readonly version: number },
    paths: readonly string[],
    duplicates: readonly DuplicateDocuments[],
    { cause }: { readonly cause: unknown },
  ) {
    const [first] = duplicates;
    const example = first
      ? `${first.documentIds.map((id) => JSON.stringify(id)).join(", ")}${first.count > first.documentIds.length ? ` and ${first.count - first.documentIds.length} more` : ""} have the same, ${JSON.stringify(first.values)}${duplicates.length > 1 ? ", and there are others" : ""}`
      : "some documents have the same values";
    super(
      "INDEX_REFUSED",
      `The unique index on ${paths.map((path) => JSON.stringify(path)).join(", ")} of the collection ${JSON.stringify(collection)}, version ${version}, cannot be created: ${example}. Nothing was changed. Append events that make their values differ, or leave unique out of the index, and open the store again.`,
      { cause },
    );
    this.collection = collection;
    this.version = version;
    this.paths = paths;
    this.duplicates = duplicates;
  }
}

/**
 * Why documents may lack events. `"building"`: this version is made from the log for the first time. `"behind"`: an inline projection that
 * is being brought up to date. `"unfollowed"`: no worker follows an async one. `"paused"` and `"inactive"`: by request.
 *
 * @example
 * ```ts
 * const passing: readonly StaleReason[] = ["building", "behind"];
 * ```
 */
export type StaleReason = "building" | "behind" | "unfollowed" | "paused" | "inactive";

/**
 * Documents were not read, because they lack events: their projection is not live, and `staleDocuments` of the store or `stale` of the
 * call is `"error"`, or this version is still being built.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "STALE_DOCUMENTS")) console.error(error.projection, error.reason);
 * ```
 */
export class StaleDocumentsError extends TidemarkError {
  declare readonly code: "STALE_DOCUMENTS";
  readonly projection: string;
  readonly version: number;
  readonly reason: StaleReason;

  constructor({ name, version }: { readonly name: string; readonly version: number }, reason: StaleReason) {
    super("STALE_DOCUMENTS", `Documents of projection ${JSON.stringify(name)}, version ${version}, lack events: ${staleTexts[reason](name)}`, {
      retryable: reason === "building" || reason === "behind" || reason === "unfollowed",
    });
    this.projection = name;
    this.version = version;
    this.reason = reason;
  }
}

const staleTexts: Readonly<Record<StaleReason, (name: string) => string>> = {
  building: () =>
    'this version is being built from the log, and some documents are missing. Read the version that serves, by the name of the collection, wait for this one, or read with stale: "allow".',
  behind: () => 'appends do not write it until its follower has brought it up to date. Try again, or read with stale: "allow".',
  unfollowed: () => 'no worker follows it. Start one (store.createWorker, or "tidemark worker"), or read with stale: "allow".',
  paused: (name) => `it is paused. Call store.projections.resume(${JSON.stringify(name)}), or read with stale: "allow".`,
  inactive: (name) => `it is inactive. Call store.projections.resume(${JSON.stringify(name)}), or read with stale: "allow".`,
};

nameErrors({ IndexRefusedError, ProjectionChangedError, StaleDocumentsError });
