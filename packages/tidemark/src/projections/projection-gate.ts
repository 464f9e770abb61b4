import type { Gate } from "../append/gate.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";

/** The registry of projections, as the appends of this process know it. */
export class ProjectionGate implements Gate {
  readonly #queryable: Queryable;
  readonly #read: Statement;
  epoch = 0;

  constructor(queryable: Queryable, schema: string) {
    this.#queryable = queryable;
    this.#read = { name: "tidemark_projection_epoch", text: `select epoch::text from ${quoteIdentifier(schema)}.projection_epoch where only_row` };
  }

  async reload(within: Queryable = this.#queryable): Promise<void> {
    const [row] = await within.query(this.#read, []);
    this.epoch = toSafeInteger(row?.["epoch"]);
  }
}
