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
  const catalogues = [...values].filter((value) => value instanceof DefinedEvents);
  const [catalogue] = catalogues;
  if (catalogue && catalogues.length === 1) return catalogue;
  if (catalogue) {
    const names = exported.filter(([, value]) => value instanceof DefinedEvents).map(([name]) => name);
    throw new InvalidArgumentError(where, `exports ${catalogues.length} catalogues: ${names.join(", ")}. Export the one that your store is opened with.`);
  }
  if ([...values].some((value) => typeof value === "object" && value !== null && className(value) === DefinedEvents.name)) {
    throw new InvalidArgumentError(
      where,
      "exports a catalogue of another copy of tidemark. Run the command of the package that the file imports, from its folder: npx tidemark …",
    );
  }
  throw new InvalidArgumentError(where, `exports no catalogue: it exports ${toldExports(exported)}. Export what defineEvents returns.`);
}
