import { isTidemarkError } from "tidemark";
import type { CatalogueCheckReport, CatalogueReport } from "../../wire/catalogue-reports.ts";
import type { Call, SharedCall } from "./call.ts";

/** Of each version of each type so many events are read. */
const sample = 20;

export function catalogue({ store, shared }: SharedCall): Promise<CatalogueReport> {
  return shared.of("catalogue", 60_000, async () => ({ at: Date.now(), types: (await store.stats({ days: 1 })).types }));
}

/** Reads a sample of the stored events with the application's catalogue. Writes nothing. */
export async function catalogueCheck({ store, signal, options }: Call): Promise<CatalogueCheckReport> {
  try {
    const { position, checked, failed, types, examples } = await store.checkEvents({ sample, signal });
    return {
      kind: "checked",
      position,
      checked,
      failed,
      examples,
      types: types.map(({ problems, ...type }) => ({
        ...type,
        // A schema may say of a value what it is.
        problems: problems.map(({ id, message }) => ({ eventId: id, message: options.mask ? "What is wrong with it is masked." : message })),
      })),
    };
  } catch (error) {
    if (isTidemarkError(error, "INVALID_ARGUMENT")) return { kind: "no-catalogue" };
    throw error;
  }
}
