import { className } from "../arguments/describe-value.ts";
import { DefinedEvents } from "../catalogue/defined-events.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { loadExports, toldExports } from "./module.ts";

/**
 * The catalogue that a module exports, by any name or by default.
 *
 * @param where - The argument or option that names the file, for messages.
 * @throws {@link InvalidArgumentError} — the file is not there, cannot be loaded, or does not export exactly one catalogue.
 */
export async function loadCatalogue(file: string, where = "--catalogue"): Promise<DefinedEvents> {
  const exported = await loadExports(file, where);
  const values = new Set(exported.map(([, value]) => value));
  const catalogues = [...values].filter(isCatalogue);
  const [catalogue] = catalogues;
  if (catalogue && catalogues.length === 1) return catalogue;
  if (catalogue) {
    const names = exported.filter(([, value]) => isCatalogue(value)).map(([name]) => name);
    throw new InvalidArgumentError(where, `exports ${catalogues.length} catalogues: ${names.join(", ")}. Export the one that your store is opened with.`);
  }
  if ([...values].some(isForeignCatalogue)) {
    throw new InvalidArgumentError(
      where,
      "exports a catalogue of another copy of tidemark. Run the command of the package that the file imports, from its folder: npx tidemark …",
    );
  }
  throw new InvalidArgumentError(where, `exports no catalogue: it exports ${toldExports(exported)}. Export what defineEvents returns.`);
}

export function isCatalogue(value: unknown): value is DefinedEvents {
  return value instanceof DefinedEvents;
}

/** One by its looks, but not one that this copy of the library made. */
export function isForeignCatalogue(value: unknown): boolean {
  return typeof value === "object" && value !== null && !isCatalogue(value) && className(value) === DefinedEvents.name;
}
