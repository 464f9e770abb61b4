import { defaultPageLimits, type PageLimits } from "./page-size.ts";
import { PageCounters } from "./page-counters.ts";
import { ReadStatements } from "./statements.ts";

/** Rises by one each time the log has grown eightfold. */
export function sizeClassAt(position: number): number {
  return Math.ceil(Math.log2(position + 1) / 3);
}

/**
 * The statements that read one store, under new names each time its log has grown eightfold.
 *
 * A connection keeps a prepared statement's plan until the tables are analysed again. A plan made while they held one page
 * scans them, which is right then, and would still scan them, at every read, after a million events. Under a new name the
 * statement is planned anew, and the planner knows the size that the tables have at that moment, analysed or not.
 *
 * A store has one object for all its readers, since every transaction and every tenant has a reader of its own; it goes with the store.
 */
export class StatementsBySize {
  readonly #schema: string;
  readonly limits: PageLimits;
  /** Of what they read. */
  readonly counters: PageCounters = new PageCounters();
  #sizeClass = 0;
  current: ReadStatements;

  constructor(schema: string, limits: PageLimits = defaultPageLimits) {
    this.#schema = schema;
    this.limits = limits;
    this.current = new ReadStatements(schema, limits.largeEvents, 0);
  }

  /** Some event stands at this position, so that the log is about that long. */
  saw(position: number): void {
    const sizeClass = sizeClassAt(position);
    if (sizeClass <= this.#sizeClass) return;
    this.#sizeClass = sizeClass;
    this.current = new ReadStatements(this.#schema, this.limits.largeEvents, sizeClass);
  }
}
