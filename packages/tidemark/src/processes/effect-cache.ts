import type { Effect } from "./effect.ts";

const mostInputs = 10_000;

/**
 * What `react` and `orElse` returned, until their commands are issued: deciders and `orElse` are functions, which no table holds. What is
 * missing here is made again from the recorded inputs, so a rolled back transaction may leave entries, and old ones may go.
 */
export class EffectCache {
  readonly #byOrigin = new Map<string, readonly Effect[]>();

  /** @param path - Of the refused command whose `orElse` returned them; `[]` for `react`. */
  set(instance: number, input: number, path: readonly number[], effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    this.#byOrigin.set(keyOf(instance, input, path), effects);
    for (const oldest of this.#byOrigin.keys()) {
      if (this.#byOrigin.size <= mostInputs) break;
      this.#byOrigin.delete(oldest);
    }
  }

  get(instance: number, input: number, path: readonly number[]): readonly Effect[] | undefined {
    return this.#byOrigin.get(keyOf(instance, input, path));
  }
}

function keyOf(instance: number, input: number, path: readonly number[]): string {
  return `${instance} ${input} ${path.join(".")}`;
}
