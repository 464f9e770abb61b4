import type { Database } from "../database/database.ts";
import type { Logger } from "../model/logger.ts";
import { checkServer, type ServerFacts } from "./check-server.ts";
import { pendingSteps } from "./applied.ts";
import { migrate } from "./migrate.ts";
import { shippedSchema } from "./migrations.ts";
import { verifyApplied } from "./verify.ts";

export interface OpenSchemaOptions {
  /** `"auto"`: apply what is pending; `"verify"`: throw when the schema does not fit; `"off"`: do not look at migrations. */
  readonly migrate: "auto" | "verify" | "off";
  readonly logger?: Logger;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes sure that a store can work on this server and schema. One round trip when there is nothing to apply.
 *
 * @throws What `checkServer`, `verify` and `migrate` throw.
 */
export async function openSchema(database: Database, schema: string, { migrate: mode, signal, ...options }: OpenSchemaOptions): Promise<ServerFacts> {
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
