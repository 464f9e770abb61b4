import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";

/** The statements of this room, for one schema. Each is one call of a function under `schema/sql`. */
export interface AppendStatements {
  /** One event to one stream. `append_one.sql` */
  readonly one: Statement;
  /** A batch of appends to one stream each, every one to a stream of its own. `append_singles.sql` */
  readonly singles: Statement;
  /** A batch, all at once. `append_batch.sql` */
  readonly batch: Statement;
  /** At most 64 appends, each on its own. `append_carefully.sql` */
  readonly carefully: Statement;
  /** An append that waits for its streams, a second at a time. `append_waiting.sql` */
  readonly waiting: Statement;
  /** An append inside a transaction of the caller's. `append_many.sql` */
  readonly joined: Statement;
}

const batchArguments = Array.from({ length: 19 }, (_, index) => `$${index + 1}`).join(", ");
/** Without the epoch, which `append_many` has behind two of its own. */
const settledArguments = batchArguments.slice(0, batchArguments.lastIndexOf(","));
const batchColumns = "verdicts::text, versions::text, positions::text, detail::text";

export function appendStatements(schema: string): AppendStatements {
  const quoted = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_${name}`, text });
  return {
    one: named("append_one", `select verdict::text, version::text, position::text from ${quoted}.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`),
    singles: named(
      "append_singles",
      `select verdicts::text, heads::text, positions::text from ${quoted}.append_singles($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    ),
    batch: named("append_batch", `select ${batchColumns} from ${quoted}.append_batch(${batchArguments})`),
    carefully: named("append_carefully", `select ${batchColumns} from ${quoted}.append_carefully(${batchArguments})`),
    waiting: named("append_waiting", `select ${batchColumns} from ${quoted}.append_waiting(${batchArguments})`),
    joined: named("append_joined", `select ${batchColumns} from ${quoted}.append_many(${settledArguments}, false, true, $19)`),
  };
}
