/**
 * What `verify` can find wrong.
 *
 * - `missing-version`: the event's predecessor in its stream is not stored.
 * - `order`: the event stands before its predecessor in the log.
 * - `orphan`: the event's stream is not stored, or is another tenant's.
 * - `missing-tag`: the event carries a tag that queries by tag do not find.
 * - `stray-tag`: queries by tag find an event that is not stored, or does not carry the tag.
 * - `chain`: of a store whose events are chained, an event is not what its hash was made of, or carries none.
 * - `sequence`: the position sequence is behind the log, so new events would get positions below it.
 * - `checkpoint`: a checkpoint holds an event that is not at its position.
 * - `snapshot`: a snapshot holds an event that is not at its position.
 * - `document`: a document is not what the log makes of it.
 * - `process`: an input or a command of a process belongs to no instance, or an input is at a position without an event.
 *
 * @example
 * ```ts
 * const grave: readonly VerifyProblemKind[] = ["missing-version", "order", "orphan", "chain"];
 * ```
 */
export type VerifyProblemKind =
  | "missing-version"
  | "order"
  | "orphan"
  | "missing-tag"
  | "stray-tag"
  | "chain"
  | "sequence"
  | "checkpoint"
  | "snapshot"
  | "document"
  | "process";

/**
 * Something that `verify` found wrong.
 *
 * @example
 * ```ts
 * const line = ({ kind, what }: VerifyProblem): string => `${kind}: ${what}`;
 * ```
 */
export interface VerifyProblem {
  readonly kind: VerifyProblemKind;
  /** A sentence with the values. */
  readonly what: string;
  readonly tenant: string;
  /** Where an event is meant: its position. */
  readonly position?: number;
  /** Where a stored event is meant: its id. */
  readonly id?: string;
}

/** Problems of each kind that are kept; the others are counted. */
const mostOfEach = 100;

/** Keeps the first problems of each kind, and counts all. */
export class Problems {
  readonly #kept: VerifyProblem[] = [];
  readonly #counts = new Map<VerifyProblemKind, number>();

  add(problem: VerifyProblem): void {
    const before = this.#counts.get(problem.kind) ?? 0;
    this.count(problem.kind, 1);
    if (before < mostOfEach) this.#kept.push(problem);
  }

  /** Counts more of a kind that nothing more is known of. */
  count(kind: VerifyProblemKind, more: number): void {
    if (more > 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + more);
  }

  get kept(): readonly VerifyProblem[] {
    return this.#kept;
  }

  get counts(): Readonly<Partial<Record<VerifyProblemKind, number>>> {
    return Object.fromEntries(this.#counts);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
