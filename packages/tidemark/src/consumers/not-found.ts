import { didYouMean } from "../arguments/suggest.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { NotFoundError } from "../errors/following.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";

/** The error for a name that no consumer has, with the name that may have been meant. */
export async function consumerNotFound({ database, schema }: WorkerContext, tenant: string, name: string): Promise<NotFoundError> {
  const text = `select c.name as name from ${quoteIdentifier(schema)}.consumers as c where c.tenant = $1 and c.kind = 'consumer' order by c.name limit 1000`;
  const rows = await database.query({ name: "tidemark_worker_names", text }, [tenant]);
  const suggestion = didYouMean(
    name,
    rows.map((row) => row["name"] ?? ""),
  );
  const hint = suggestion === "" ? "A consumer is known once a worker with it was started; store.consumers.list() names them." : suggestion.replace("; d", "D");
  return new NotFoundError("consumer", name, hint);
}
