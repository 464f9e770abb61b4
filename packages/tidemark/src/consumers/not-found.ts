import { didYouMean } from "../arguments/suggest.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { NotFoundError } from "../errors/following.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";

/** The error for a name that no consumer, or no relay, has, with the name that may have been meant. */
export async function followerNotFound(
  { database, schema }: Pick<WorkerContext, "database" | "schema">,
  tenant: string,
  kind: "consumer" | "relay",
  name: string,
): Promise<NotFoundError> {
  const text = `
select coalesce(c.owner_name, c.name) as name from ${quoteIdentifier(schema)}.consumers as c where c.tenant = $1 and c.kind = $2 order by 1 limit 1000`;
  const rows = await database.query({ name: "tidemark_worker_names", text }, [tenant, kind]);
  const suggestion = didYouMean(
    name,
    rows.map((row) => row["name"] ?? ""),
  );
  const hint = suggestion === "" ? `A ${kind} is known once a worker with it was started; store.${kind}s.list() names them.` : suggestion.replace("; d", "D");
  return new NotFoundError(kind, name, hint);
}
