import { JsonProblem } from "../../arguments/json-problem.ts";
import { maxDepth, writeJson } from "../../arguments/json.ts";
import { className } from "../../arguments/describe-value.ts";

/** A state as text. */
export interface WrittenState {
  readonly json: string;
  /** JSON of the places that JSON itself cannot express; null where there are none. See `Patch`. */
  readonly patches: string | null;
}

/** What stands at a path: the same object as at another path, or undefined (null). */
export type Patch = readonly [path: Path, source: Path | null];
export type Path = readonly (string | number)[];

/** A larger state costs more to read than the events that it saves. UTF-16 units, about bytes. */
const mostUnits = 16 * 1024 * 1024;

interface Place {
  readonly parent: Place | undefined;
  readonly step: string | number;
}

/**
 * The text of a state that comes back exactly as it went in: the order of keys, keys that are undefined, and objects that
 * stand at several places, since `evolve` may change them in place. Anything else that JSON would change (a Date, a Map, an
 * object of a class, NaN, a getter) is refused.
 *
 * @throws {@link InvalidArgumentError} — with the path below `state`.
 */
export function writeState(state: unknown): WrittenState {
  const writer = new StateWriter();
  try {
    const json = writer.write(state, undefined, 0);
    return { json, patches: writer.patches.length === 0 ? null : JSON.stringify(writer.patches) };
  } catch (error) {
    const problem = JsonProblem.of(error);
    throw (problem.excess === undefined ? problem : problem.replaced(`is too large for a snapshot: more than ${mostUnits} characters of JSON`)).at("state");
  }
}

class StateWriter {
  readonly patches: Patch[] = [];
  readonly #seen = new Map<object, Place | undefined>();
  #units = 0;

  write(value: unknown, place: Place | undefined, depth: number): string {
    if (value === undefined) return this.#patched(place, null);
    if (typeof value !== "object" || value === null) return this.#counted(writeJson(value, mostUnits));
    if (this.#seen.has(value)) return this.#patched(place, pathOf(this.#seen.get(value)));
    this.#seen.set(value, place);
    if (depth === maxDepth) throw new JsonProblem(`is more than ${maxDepth} levels deep`);
    return Array.isArray(value) ? this.#array(value, place, depth + 1) : this.#object(value, place, depth + 1);
  }

  #array(value: readonly unknown[], parent: Place | undefined, depth: number): string {
    refuseClass(value, Array.prototype, value.length + 1);
    const items: string[] = [];
    for (let step = 0; step < value.length; step++) {
      items.push(this.#held(value, step, parent, depth));
    }
    return this.#counted(`[${items.join(",")}]`, 2 + items.length);
  }

  #object(value: object, parent: Place | undefined, depth: number): string {
    const keys = Object.keys(value);
    refuseClass(value, Object.prototype, keys.length);
    const entries = keys.map((key) => `${this.#counted(writeJson(key, mostUnits))}:${this.#held(value, key, parent, depth)}`);
    return this.#counted(`{${entries.join(",")}}`, 2 + 2 * entries.length);
  }

  /** What stands in an object or array at a key, which must be there as data. */
  #held(holder: object, step: string | number, parent: Place | undefined, depth: number): string {
    try {
      const property = Object.getOwnPropertyDescriptor(holder, step);
      if (!property) throw new JsonProblem("is a hole in an array, which JSON cannot express; use null");
      if (!("value" in property)) throw new JsonProblem("is a getter, of which JSON would keep one value");
      if (step === "__proto__") throw new JsonProblem("is a key that JavaScript gives a meaning of its own");
      return this.write(property.value, { parent, step }, depth);
    } catch (error) {
      throw JsonProblem.of(error).inside(holder, step);
    }
  }

  #patched(place: Place | undefined, source: Path | null): string {
    this.patches.push([pathOf(place), source]);
    return "null";
  }

  #counted(text: string, units = text.length): string {
    this.#units += units;
    if (this.#units > mostUnits) throw JsonProblem.tooLarge(this.#units - mostUnits);
    return text;
  }
}

function refuseClass(value: object, prototype: object, properties: number): void {
  if (Object.getPrototypeOf(value) !== prototype)
    throw new JsonProblem(`is an object of class ${className(value)}, which JSON would change; keep plain objects and arrays in the state`);
  // Fewer are holes in an array, which are told of at their place.
  if (Reflect.ownKeys(value).length > properties) throw new JsonProblem("has a symbol or a hidden property, which JSON would drop");
}

function pathOf(place: Place | undefined): Path {
  const path: (string | number)[] = [];
  for (let at = place; at; at = at.parent) path.push(at.step);
  return path.toReversed();
}
