import type { Statement } from "../database/database.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { functionName } from "../schema/function-set.ts";

/** The statements of this room, for one schema. Each is one call of a function of `schema/functions`. */
export interface AppendStatements {
  /** One event to one stream. `append_one.sql` */
  readonly one: Statement;
  /** The same with a condition. */
  readonly oneIf: Statement;
  /** A batch of appends to one stream each, every one to a stream of its own. `append_singles.sql` */
  readonly singles: Statement;
  /** A batch, all at once. `append_batch.sql` */
  readonly batch: Statement;
  /** At most 64 appends, each on its own. `append_separately.sql` */
  readonly separately: Statement;
  /** An append that waits for its streams, a second at a time. `append_waiting.sql` */
  readonly waiting: Statement;
  /** An append inside a transaction of the caller's. `append_many.sql` */
  readonly joined: Statement;
  /** The same, which waits for no claim: appends that write inline projections. */
  readonly inline: Statement;
  /** What comes before documents are locked. `enter_append.sql` */
  readonly enter: Statement;
  /**
   * Makes every COMMIT fail until `allowCommit`: PostgreSQL runs the query of a cursor WITH HOLD when the transaction commits, and
   * this one raises an error. The caller's own client may send COMMIT between the statements of an append, which would commit
   * events without their projections. `refuse_unfinished_append.sql`
   */
  readonly holdCommit: string;
  readonly allowCommit: string;
}

const placeholders = (first: number, last: number): string => Array.from({ length: last - first + 1 }, (_, index) => `$${first + index}`).join(", ");
const batchArguments = placeholders(1, 24);
const recordedAt = (column: string): string => `${milliseconds(column)} as recorded_at`;
const oneColumns = `verdict::text, version::text, position::text, ${recordedAt("recorded_at")}`;
const singlesColumns = `verdicts::text, heads::text, positions::text, detail::text, ${recordedAt("written_at")}`;
const separateColumns = "verdicts::text, versions::text, positions::text, detail::text";
const batchColumns = `${separateColumns}, written::text, ${recordedAt("written_at")}`;

export function appendStatements(schema: string): AppendStatements {
  const named = (name: string, text: string): Statement => ({ name: `tidemark_${name}`, text });
  return {
    one: named("append_one", `select ${oneColumns} from ${functionName(schema, "append_one")}(${placeholders(1, 11)})`),
    oneIf: named("append_one_if", `select ${oneColumns}, detail::text from ${functionName(schema, "append_one")}(${placeholders(1, 15)})`),
    singles: named("append_singles", `select ${singlesColumns} from ${functionName(schema, "append_singles")}(${placeholders(1, 20)})`),
    batch: named("append_batch", `select ${batchColumns} from ${functionName(schema, "append_batch")}(${batchArguments})`),
    separately: named("append_separately", `select ${separateColumns} from ${functionName(schema, "append_separately")}(${batchArguments})`),
    waiting: named("append_waiting", `select ${batchColumns} from ${functionName(schema, "append_waiting")}(${batchArguments})`),
    holdCommit: `declare tidemark_append no scroll cursor with hold for select ${functionName(schema, "refuse_unfinished_append")}()`,
    allowCommit: "close tidemark_append",
    enter: named("enter_append", `select ${functionName(schema, "enter_append")}($1, $2, $3, $4, $5, $6, $7, $8)::text as entered`),
    inline: named(
      "append_inline",
      `select ${batchColumns} from ${functionName(schema, "append_many")}(${placeholders(1, 18)}, false, true, ${placeholders(19, 24)}, false)`,
    ),
    joined: named(
      "append_joined",
      `select ${batchColumns} from ${functionName(schema, "append_many")}(${placeholders(1, 18)}, false, true, ${placeholders(19, 24)}, true)`,
    ),
  };
}
