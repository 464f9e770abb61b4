import { isRecord } from "../arguments/options.ts";
import { MissingDependencyError } from "../errors/opening.ts";

/**
 * Imports the client of a broker, an optional peer: only who publishes to that broker has it, its types included.
 *
 * @param pick - What is needed of it, or undefined where it is not there. Asked of the module, then of its default export.
 * @throws {@link MissingDependencyError}
 */
export async function importPeer<T>(name: string, purpose: string, pick: (loaded: Readonly<Record<string, unknown>>) => T | undefined): Promise<T> {
  let loaded: unknown;
  try {
    loaded = await import(name);
  } catch (error) {
    throw new MissingDependencyError(name, purpose, { cause: error });
  }
  if (isRecord(loaded)) {
    const whole = loaded["default"];
    const picked = pick(loaded) ?? (isRecord(whole) ? pick(whole) : undefined);
    if (picked !== undefined) return picked;
  }
  throw new MissingDependencyError(name, purpose);
}
