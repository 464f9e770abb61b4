import type { Statement } from "../database/database.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { functionName } from "../schema/function-set.ts";

/** A statement that writes events, all of the first version of their shapes. */
export interface AppendStatement extends Statement {
  /** The same with the versions as one parameter more. */
  readonly versioned: Statement;
}

/** The statements of this room, for one schema. Each is one call of a function of `schema/functions`. */
export interface AppendStatements {
  /** One event to one stream. `append_one.sql` */
  readonly one: AppendStatement;
  /** The same with a condition. */
  readonly oneIf: AppendStatement;
  /** A batch of appends to one stream each, every one to a stream of its own. `append_singles.sql` */
  readonly singles: AppendStatement;
  /** A batch, all at once. `append_batch.sql` */
  readonly batch: AppendStatement;
  /** At most 64 appends, each on its own. `append_separately.sql` */
  readonly separately: AppendStatement;
  /** An append that waits for its streams, a second at a time. `append_waiting.sql` */
  readonly waiting: AppendStatement;
  /** An append inside a transaction of the caller's. `append_many.sql` */
  readonly joined: AppendStatement;
  /** The same, which waits for no claim: appends that write inline projections. */
  readonly inline: AppendStatement;
  /** What comes before documents are locked. `enter_append.sql` */
  readonly enter: Statement;
  /** The same in a transaction of the caller's. By its name the server's log tells whose transactions a deadlock was among. */
  readonly enterJoined: Statement;
  /**
   * Makes every COMMIT fail until `allowCommit`: PostgreSQL runs the query of a cursor WITH HOLD when the transaction commits, and
   * this one raises an error. The caller's own client may send COMMIT between the statements of an append, which would commit
   * events without their projections. `refuse_unfinished_append.sql`
   */
  readonly holdCommit: string;
  readonly allowCommit: string;
}

const placeholders = (first: number, last: number): string => Array.from({ length: last - first + 1 }, (_, index) => `$${first + index}`).join(", ");
const recordedAt = (column: string): string => `${milliseconds(column)} as recorded_at`;
const batchArguments = placeholders(1, 24);
const singlesColumns = `verdicts::text, heads::text, positions::text, detail::text, ${recordedAt("written_at")}`;
const separateColumns = "verdicts::text, versions::text, positions::text, detail::text";
const batchColumns = `${separateColumns}, written::text, ${recordedAt("written_at")}`;

export function appendStatements(schema: string): AppendStatements {
  const named = (name: string, text: string): Statement => ({ name: `tidemark_${name}`, text });
  /** @param call - without its last parenthesis */
  const append = (name: string, call: string, versions: string, as = ""): AppendStatement => ({
    ...named(name, `${call})${as}`),
    versioned: named(`${name}_versioned`, `${call}, ${versions})${as}`),
  });
  const inMany = (wait: boolean): string =>
    `select ${batchColumns} from ${functionName(schema, "append_many")}(${placeholders(1, 18)}, false, true, ${placeholders(19, 24)}, ${wait}`;
  const entering = `select ${functionName(schema, "enter_append")}($1, $2, $3, $4, $5, $6, $7, $8)::text as entered`;
  const versionsOfBatch = "p_schema_versions => $25";
  return {
    one: append("append_one", `select ${functionName(schema, "append_one")}(${placeholders(1, 11)}`, "p_schema_version => $12", " as answer"),
    oneIf: append("append_one_if", `select ${functionName(schema, "append_one")}(${placeholders(1, 15)}`, "p_schema_version => $16", " as answer"),
    singles: append(
      "append_singles",
      `select ${singlesColumns} from ${functionName(schema, "append_singles")}(${placeholders(1, 20)}`,
      "p_schema_versions => $21",
    ),
    batch: append("append_batch", `select ${batchColumns} from ${functionName(schema, "append_batch")}(${batchArguments}`, versionsOfBatch),
    separately: append("append_separately", `select ${separateColumns} from ${functionName(schema, "append_separately")}(${batchArguments}`, versionsOfBatch),
    waiting: append("append_waiting", `select ${batchColumns} from ${functionName(schema, "append_waiting")}(${batchArguments}`, versionsOfBatch),
    inline: append("append_inline", inMany(false), versionsOfBatch),
    joined: append("append_joined", inMany(true), versionsOfBatch),
    enter: named("enter_append", entering),
    enterJoined: named("enter_append_joined", entering),
    holdCommit: `declare tidemark_append no scroll cursor with hold for select ${functionName(schema, "refuse_unfinished_append")}()`,
    allowCommit: "close tidemark_append",
  };
}
