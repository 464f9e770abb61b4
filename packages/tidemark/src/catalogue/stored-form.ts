import { quoteStep } from "../arguments/describe-value.ts";
import { isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { plainCopy } from "./plain-copy.ts";
import type { StoredCodec } from "./stored-codecs.ts";
import { parseStoredPath, type PathStep } from "./stored-path.ts";

/** A codec with the code of its functions, by which two catalogues are compared. */
export interface CheckedCodec extends StoredCodec {
  readonly source: string;
}

/** What the paths of `stored` say of one place in the data. */
interface Place {
  path: string;
  codec?: StoredCodec;
  fields?: Map<string, Place>;
  items?: Place;
  values?: Place;
}

/** A value that its codec refused, with its place: `.lines[0].at`. */
export class StoredFormError extends Error {
  readonly place: string;

  constructor(place: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : `its codec threw ${String(cause)}`, { cause });
    this.place = place;
  }
}

/** Puts an event's data into the form that is stored, and back. Copies what it changes: neither form is ever written to. */
export class StoredForm {
  readonly paths: readonly string[];
  readonly codecs: ReadonlyMap<string, CheckedCodec>;
  readonly #root: Place = { path: "" };

  constructor(codecs: ReadonlyMap<string, CheckedCodec>, at: string) {
    this.paths = [...codecs.keys()];
    this.codecs = codecs;
    for (const [path, codec] of codecs) this.#add(path, codec, at + quoteStep(path));
  }

  encode(data: unknown): unknown {
    return this.#transform(data, (codec, value) => codec.encode(value));
  }

  decode(data: unknown): unknown {
    // A copy: a codec may keep or change what it gets, and the event may be decoded again.
    return this.#transform(data, (codec, value) => codec.decode(plainCopy(value)));
  }

  /** The paths at which there is nothing to encode in any of these values. */
  unusedPaths(values: readonly unknown[]): readonly string[] {
    const found = new Set<string>();
    const note: Change = (_codec, held, { path }) => {
      found.add(path);
      return held;
    };
    for (const value of values) apply(value, this.#root, note, []);
    return this.paths.filter((path) => !found.has(path));
  }

  #transform(data: unknown, change: Change): unknown {
    const trail: (string | number)[] = [];
    try {
      return apply(data, this.#root, change, trail);
    } catch (error) {
      throw new StoredFormError(trail.map(quoteStep).join(""), error);
    }
  }

  #add(path: string, codec: StoredCodec, at: string): void {
    let place = this.#root;
    for (const step of parseStoredPath(path, at)) {
      if (place.codec) throw overlap(at, place.path);
      place = below(place, step, path);
    }
    if (place.codec) throw overlap(at, place.path);
    const inner = innerPath(place);
    if (inner !== undefined) throw overlap(at, inner);
    place.path = path;
    place.codec = codec;
  }
}

type Change = (codec: StoredCodec, value: unknown, place: Place) => unknown;

/** A value that is of another kind than the paths say stays as it is: in a union of shapes only some have it. */
function apply(value: unknown, place: Place, change: Change, trail: (string | number)[]): unknown {
  if (value === null || value === undefined) return value;
  if (place.codec) return change(place.codec, value, place);
  if (Array.isArray(value)) return place.items ? eachItem(value, place.items, change, trail) : value;
  return isRecord(value) && isPlain(value) ? eachField(value, place, change, trail) : value;
}

function eachItem(value: readonly unknown[], items: Place, change: Change, trail: (string | number)[]): readonly unknown[] {
  const copy: unknown[] = [];
  for (let index = 0; index < value.length; index++) {
    trail.push(index);
    copy.push(apply(value[index], items, change, trail));
    trail.pop();
  }
  return copy;
}

function eachField(value: Readonly<Record<string, unknown>>, { fields, values }: Place, change: Change, trail: (string | number)[]): unknown {
  if (!fields && !values) return value;
  // An own property named __proto__ stays one in the copy, and is set as one.
  const copy: Record<string, unknown> = { ...value };
  for (const key of values ? Object.keys(copy) : (fields?.keys() ?? [])) {
    if (!Object.hasOwn(copy, key)) continue;
    const place = fields?.get(key) ?? values;
    if (!place) continue;
    trail.push(key);
    copy[key] = apply(copy[key], place, change, trail);
    trail.pop();
  }
  return copy;
}

/** An object of a class would lose it in a copy. As it is, JSON refuses it with its place. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || (typeof prototype === "object" && Object.getPrototypeOf(prototype) === null);
}

function below(place: Place, step: PathStep, path: string): Place {
  if (step === "items") return (place.items ??= { path });
  if (step === "values") return (place.values ??= { path });
  place.fields ??= new Map();
  const found = place.fields.get(step.field) ?? { path };
  place.fields.set(step.field, found);
  return found;
}

/** The path of any codec below a place. */
function innerPath({ fields, items, values }: Place): string | undefined {
  return [...(fields?.values() ?? []), items, values].find((place) => place !== undefined)?.path;
}

function overlap(at: string, other: string): InvalidArgumentError {
  return new InvalidArgumentError(at, `overlaps with the path "${other}": one codec has to do for all of a value`);
}
