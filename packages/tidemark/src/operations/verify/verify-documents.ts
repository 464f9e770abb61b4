import { isTidemarkError } from "../../errors/errors.ts";
import type { Projections } from "../../projections/administration.ts";
import type { DefinedProjection } from "../../projections/defined-projection.ts";
import { DefinedDocumentProjection } from "../../projections/defined-projection.ts";
import type { Problems } from "./problems.ts";

export interface DocumentsVerification {
  readonly projections: Pick<Projections, "check" | "list">;
  /** Those that the store was opened with. */
  readonly definitions: readonly DefinedProjection[];
  readonly problems: Problems;
  /** How many documents of each to compare, about. */
  readonly sample: number;
  readonly signal: AbortSignal;
}

/**
 * Compares documents of every version that serves with a fresh fold of the log. Left out are versions that this store was opened without,
 * and those that no worker has followed yet. Returns how many documents were compared.
 */
export async function verifyDocuments({ projections, definitions, problems, sample, signal }: DocumentsVerification): Promise<number> {
  let compared = 0;
  for (const { name, version, serving } of await projections.list()) {
    const definition = definitions.find((one) => one.name === name && one.version === version);
    if (!serving || !(definition instanceof DefinedDocumentProjection)) continue;
    const found = await projections.check(name, { version, sample, signal }).catch((error: unknown) => {
      if (isTidemarkError(error, "NOT_FOUND")) return undefined;
      throw error;
    });
    if (!found) continue;
    compared += found.compared;
    for (const { tenant, id } of found.differences)
      problems.add({ kind: "document", what: `Document ${JSON.stringify(id)} of ${JSON.stringify(name)} is not what the log makes of it.`, tenant });
    problems.count("document", found.different - found.differences.length);
  }
  return compared;
}
