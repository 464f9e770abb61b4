import { shellWord } from "./opening.ts";
import { nameErrors, TidemarkError } from "./tidemark-error.ts";

/**
 * A reading needs indexes that were not created, or whose build has not succeeded. Without them it would look at the whole log.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "INDEX_MISSING")) await store.indexes.create("causation");
 * ```
 */
export class IndexMissingError extends TidemarkError {
  declare readonly code: "INDEX_MISSING";
  /** The set of indexes, as `store.indexes.create` and `tidemark indexes create` take it. */
  readonly set: string;
  /** The index that the reading needs. */
  readonly index: string;
  /** `"invalid"`: it is being built, or a build of it failed. */
  readonly state: "missing" | "invalid";

  constructor(call: string, { set, index, schema }: { readonly set: string; readonly index: string; readonly schema: string }, state: "missing" | "invalid") {
    const what = state === "missing" ? "which was not created" : "whose build has not succeeded: it is still going on, or it failed";
    super(
      "INDEX_MISSING",
      `${call} needs the index ${index}, ${what}. Run: npx tidemark indexes create ${set} --schema ${shellWord(schema)}; or call store.indexes.create(${JSON.stringify(set)}). Events are appended meanwhile.`,
    );
    this.set = set;
    this.index = index;
    this.state = state;
  }
}

nameErrors({ IndexMissingError });
