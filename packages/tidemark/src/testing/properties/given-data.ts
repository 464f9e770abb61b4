import { describeValue, quoteStep } from "../../arguments/describe-value.ts";
import { isRecord, unknownKey } from "../../arguments/options.ts";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { isArbitrary } from "./fast-check.ts";

/**
 * An arbitrary of fast-check. Not its own type: the package may not be installed.
 *
 * @example
 * ```ts
 * export function isReady(data: EventData): data is DataArbitrary {
 *   return !Array.isArray(data);
 * }
 * ```
 */
export interface DataArbitrary {
  generate(...parameters: never[]): unknown;
  shrink(...parameters: never[]): unknown;
}

/**
 * Data to try: a list, or an arbitrary of fast-check.
 *
 * @example
 * ```ts
 * const skus: EventData = [{ sku: "tea" }, { sku: "jam" }];
 * ```
 */
export type EventData = readonly unknown[] | DataArbitrary;

/** By type and version, what the caller gave. */
export class GivenData {
  readonly #byType: ReadonlyMap<string, ReadonlyMap<number, EventData>>;

  /** @throws {@link InvalidArgumentError} — a type or a version that the catalogue does not have, or no data. */
  constructor(given: unknown, { shapes, retired }: DefinedEvents) {
    if (given !== undefined && !isRecord(given))
      throw new InvalidArgumentError("data", `must be an object of data by type and version, not ${describeValue(given)}`);
    const types = [...shapes.keys(), ...retired.keys()];
    this.#byType = new Map(
      Object.entries(given ?? {}).map(([type, versions]) => {
        if (!types.includes(type)) throw unknownKey("data", type, types, "is no type of the catalogue");
        return [type, checkVersions(versions, `data${quoteStep(type)}`, shapes.get(type)?.version ?? 32_767)];
      }),
    );
  }

  of(type: string, version: number): EventData | undefined {
    return this.#byType.get(type)?.get(version);
  }

  versionsOf(type: string): readonly number[] {
    return [...(this.#byType.get(type)?.keys() ?? [])];
  }
}

function checkVersions(given: unknown, path: string, newest: number): ReadonlyMap<number, EventData> {
  if (!isRecord(given))
    throw new InvalidArgumentError(path, `must be an object of data by version, such as { 1: [{ sku: "tea" }] }, not ${describeValue(given)}`);
  return new Map(
    Object.entries(given).map(([key, data]) => {
      const [version, at] = [Number(key), path + quoteStep(key)];
      if (!Number.isSafeInteger(version) || version < 1 || version > newest) throw new InvalidArgumentError(at, `is no version; there are 1 to ${newest}`);
      if (Array.isArray(data) || isArbitrary(data)) return [version, data];
      throw new InvalidArgumentError(at, `must be an array of data or an arbitrary of fast-check, not ${describeValue(data)}`);
    }),
  );
}
