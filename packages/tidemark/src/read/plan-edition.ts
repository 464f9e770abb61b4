import type { PageLimits } from "./page-size.ts";
import { ReadStatements } from "./statements.ts";

/** Rises by one each time the log has grown eightfold. */
export function editionAt(position: number): number {
  return Math.ceil(Math.log2(position + 1) / 3);
}

/**
 * The statements of a schema, under new names each time the log has grown eightfold.
 *
 * A connection keeps a prepared statement's plan until the tables are analysed again. A plan made while they held one page
 * scans them, which is right then, and would still scan them, at every read, after a million events. Under a new name the
 * statement is planned anew, and the planner knows the size that the tables have at that moment, analysed or not.
 */
export class PlanEditions {
  readonly #schema: string;
  readonly #limits: PageLimits;
  #edition = 0;
  current: ReadStatements;

  constructor(schema: string, limits: PageLimits) {
    this.#schema = schema;
    this.#limits = limits;
    this.current = new ReadStatements(schema, limits.largeEvents, 0);
  }

  /** Some event stands at this position, so that the log is about that long. */
  saw(position: number): void {
    const edition = editionAt(position);
    if (edition <= this.#edition) return;
    this.#edition = edition;
    this.current = new ReadStatements(this.#schema, this.#limits.largeEvents, edition);
  }
}

/** They outlive readers: every transaction and every tenant has a reader of its own. */
const bySchema = new Map<string, PlanEditions>();

export function editionsOf(schema: string, limits: PageLimits): PlanEditions {
  const key = `${limits.largeEvents} ${schema}`;
  const known = bySchema.get(key) ?? new PlanEditions(schema, limits);
  bySchema.set(key, known);
  return known;
}
