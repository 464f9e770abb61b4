import { isRecord } from "../../arguments/options.ts";
import { MissingDependencyError } from "../../errors/opening.ts";

/**
 * Loads a function of `@tidemark/studio`, an optional peer: only who needs it has it, its types included.
 *
 * @param entry - `@tidemark/studio`, or an entry below it.
 * @param isFunction - Whether the export is what the caller takes it for.
 * @param purpose - What needs it, for the message.
 * @throws {@link MissingDependencyError} — the package is not installed, or lacks the function.
 */
export async function loadOfStudio<T>(entry: string, name: string, isFunction: (value: unknown) => value is T, purpose: string): Promise<T> {
  let loaded: unknown;
  try {
    loaded = await import(entry);
  } catch (error) {
    throw new MissingDependencyError("@tidemark/studio", purpose, { cause: error });
  }
  const found = isRecord(loaded) ? loaded[name] : undefined;
  if (!isFunction(found)) throw new MissingDependencyError("@tidemark/studio", purpose);
  return found;
}
