import type { Queryable, Statement, TextRow, Value } from "../database/database.ts";
import type { PageLimits } from "./page-size.ts";
import type { ReadStatements } from "./statements.ts";
import type { StatementsBySize } from "./statements-by-size.ts";

/** Runs a reader's statements, and learns from the rows how large the log is. */
export class ReaderStatements {
  readonly #queryable: Queryable;
  readonly #statements: StatementsBySize;

  constructor(queryable: Queryable, statements: StatementsBySize) {
    this.#queryable = queryable;
    this.#statements = statements;
  }

  get limits(): PageLimits {
    return this.#statements.limits;
  }

  /** Asked for at each statement: they get new names when the log has grown. */
  get current(): ReadStatements {
    return this.#statements.current;
  }

  async rows(statement: Statement, values: readonly Value[], signal?: AbortSignal): Promise<readonly TextRow[]> {
    return this.saw(await this.#queryable.query(statement, values, { signal }));
  }

  /** Rows in the order of the log. */
  saw(rows: readonly TextRow[]): readonly TextRow[] {
    // Other statements of a reader, which ask how long a stream is for example, have no data in their rows.
    const [first] = rows;
    if (first && "data" in first) this.#statements.counters.read(rows.length);
    this.sawPosition(Number(rows.at(-1)?.["position"] ?? 0));
    return rows;
  }

  sawPosition(position: number): void {
    this.#statements.saw(position);
  }
}
