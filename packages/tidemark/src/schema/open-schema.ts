import type { Database } from "../database/database.ts";
import type { Logger } from "../model/logger.ts";
import { checkServer, type ServerFacts } from "./check-server.ts";
import { requireChain } from "./event-chain.ts";
import { pendingSteps } from "./applied.ts";
import { migrate } from "./migrate.ts";
import { shippedSchema } from "./migrations.ts";
import { verifyApplied } from "./verify.ts";

export interface OpenSchemaOptions {
  /** `"auto"`: apply what is pending; `"verify"`: throw when the schema does not fit; `"off"`: do not look at migrations. */
  readonly migrate: "auto" | "verify" | "off";
  /** `"chain"`: events have to be chained, or with `migrate: "auto"` are from now on. @defaultValue "none" */
  readonly integrity?: "none" | "chain";
  readonly logger?: Logger;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes sure that a store can work on this server and schema. One round trip when there is nothing to apply, and one for a chain.
 *
 * @throws What `checkServer`, `verify`, `migrate` and `requireChain` throw.
 */
export async function openSchema(database: Database, schema: string, { integrity = "none", ...options }: OpenSchemaOptions): Promise<ServerFacts> {
  const facts = await openTables(database, schema, options);
  if (integrity === "chain") await requireChain(database, schema, options);
  return facts;
}

async function openTables(
  database: Database,
  schema: string,
  { migrate: mode, signal, ...options }: Omit<OpenSchemaOptions, "integrity">,
): Promise<ServerFacts> {
  const facts = await checkServer(database, schema, { withApplied: mode !== "off", signal });
  if (mode === "off") return facts;
  if (mode === "verify") {
    verifyApplied(schema, facts.applied);
    return facts;
  }
  if (pendingSteps(schema, facts.applied, shippedSchema).length === 0) return facts;
  await migrate(database, schema, { ...options, signal });
  return checkServer(database, schema, { signal });
}
