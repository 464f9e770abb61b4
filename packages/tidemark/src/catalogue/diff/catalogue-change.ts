/**
 * What a change needs so that events written before it are read as today's code expects. `default`: a new version whose step fills a field in.
 * `rename`: the old type has to be retired. `upcaster`: a new version whose step makes the new shape. `version`: the version may not be
 * lowered. `downcast`: a step back for readers that ask for an older shape.
 */
export type ChangeNeeds = "nothing" | "default" | "rename" | "upcaster" | "version" | "downcast";

/**
 * What code of the old catalogue does with what code of the new one writes, while both run. `reads`: it gets what it expects. `misreads`: it
 * reads it, but does not find what it expects. `refuses`: it does not know the type or its version (`unknownEvents`). `unknown`: nobody can
 * tell.
 */
export type OldCode = "reads" | "misreads" | "refuses" | "unknown";

/** One change between two catalogues. */
export interface CatalogueChange {
  readonly type: string;
  /** The place in the data: `data.lines[].sku`. Undefined: the type as a whole. */
  readonly path: string | undefined;
  readonly message: string;
  readonly needs: ChangeNeeds;
  /** Whether the new catalogue has what it needs. */
  readonly done: boolean;
  readonly oldCode: OldCode;
  /** What to write, where something is missing. */
  readonly remedy?: string;
  /** Where there are no schemas to compare: the shapes were compared by the examples of both catalogues, or not at all. */
  readonly comparedBy?: "examples" | "nothing";
}
