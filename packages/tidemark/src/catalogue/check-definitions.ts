import { checkFunction, listOf, wholeNumber } from "../arguments/checks.ts";
import { describeValue, quoteStep } from "../arguments/describe-value.ts";
import { checkEventType } from "../arguments/names.ts";
import { isRecord, unknownKey } from "../arguments/options.ts";
import { didYouMean } from "../arguments/suggest.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { checkDowncasts, checkUpcasts } from "./check-chain.ts";
import { checkExamplesNow } from "./check-examples.ts";
import { checkStored } from "./check-stored.ts";
import type { EventShape, RetiredShape } from "./event-shape.ts";
import { checkPersonal } from "./personal.ts";
import { checksNothing } from "./plain-event.ts";
import { RetiredEvent, type RetiredStep } from "./retired.ts";
import { isStandardSchema } from "./standard-schema.ts";

/** Definitions, checked each for itself. */
export interface Definitions {
  readonly shapes: ReadonlyMap<string, EventShape>;
  readonly retired: ReadonlyMap<string, RetiredShape>;
}

const known = ["schema", "version", "description", "upcast", "downcast", "stored", "personal", "examples", "becomes"];
const mostVersions = 10_000;
const mostDescriptionBytes = 10_000;

/** Everything about definitions that can be wrong without looking at other types, and that the types named in `becomes` exist. */
export function checkDefinitions(definitions: unknown): Definitions {
  if (!isRecord(definitions)) {
    throw new InvalidArgumentError("definitions", `must be an object such as { ItemAdded: schema }, not ${describeValue(definitions)}`);
  }
  refusePrototype(definitions);
  const types = Object.keys(definitions);
  const shapes = new Map<string, EventShape>();
  const retired = new Map<string, RetiredShape>();
  for (const [ordinal, type] of types.entries()) {
    const path = `definitions${quoteStep(type)}`;
    checkEventType(type, path);
    const definition = definitions[type];
    if (definition instanceof RetiredEvent) retired.set(type, checkRetired(type, definition, types, path));
    else shapes.set(type, checkShape({ type, ordinal }, definition, types, path));
  }
  return { shapes, retired };
}

/** `{ __proto__: schema }` sets the object's prototype, so that the type would be missing in silence. */
function refusePrototype(definitions: object): void {
  const prototype: unknown = Object.getPrototypeOf(definitions);
  if (prototype === null || (typeof prototype === "object" && Object.getPrototypeOf(prototype) === null)) return;
  throw new InvalidArgumentError(
    "definitions",
    `must be a plain object, not ${describeValue(definitions)} with another prototype; write a type named __proto__ as ["__proto__"]: schema`,
  );
}

function checkRetired(type: string, { step, ...given }: RetiredEvent, types: readonly string[], path: string): RetiredShape {
  const options: unknown = given.options;
  checkFunction<RetiredStep>(step, `${path}.step`);
  if (options !== undefined && !isRecord(options)) throw new InvalidArgumentError(`${path}.options`, `must be an object, not ${describeValue(options)}`);
  for (const key of Object.keys(options ?? {})) {
    if (key !== "becomes") throw unknownKey(`${path}.options`, key, ["becomes"], "is not an option of retired");
  }
  const becomes = options?.["becomes"];
  if (becomes === undefined) return { type, step, becomes: undefined };
  // An empty list is an answer here: the events become none.
  const checked = Array.isArray(becomes) && becomes.length === 0 ? [] : checkBecomes(becomes, types, `${path}.options.becomes`);
  return { type, step, becomes: new Set(checked) };
}

function checkShape({ type, ordinal }: Pick<EventShape, "type" | "ordinal">, given: unknown, types: readonly string[], path: string): EventShape {
  const definition = isStandardSchema(given) ? { schema: given } : given;
  if (!isRecord(definition)) {
    throw new InvalidArgumentError(
      path,
      `must be a schema (zod, valibot, arktype or another Standard Schema), event<Data>(), { schema, … } or retired, not ${describeValue(given)}`,
    );
  }
  for (const key of Object.keys(definition)) {
    if (!known.includes(key)) throw unknownKey(path, key, known, "is not a part of a definition");
  }
  const { schema, version, description, upcast, downcast, stored, personal, examples, becomes } = definition;
  if (!isStandardSchema(schema)) {
    throw new InvalidArgumentError(
      `${path}.schema`,
      `must be a schema (zod, valibot, arktype or another Standard Schema) or event<Data>(), not ${describeValue(schema)}`,
    );
  }
  const newest = version === undefined ? 1 : wholeNumber(1, mostVersions)(version, `${path}.version`);
  const shape: EventShape = {
    type,
    ordinal,
    version: newest,
    schema,
    checks: !checksNothing(schema),
    description: description === undefined ? undefined : checkDescription(description, `${path}.description`),
    upcast: checkUpcasts(upcast, newest, `${path}.upcast`),
    downcast: checkDowncasts(downcast, newest, `${path}.downcast`),
    stored: stored === undefined ? undefined : checkStored(stored, `${path}.stored`),
    personal: personal === undefined ? [] : checkPersonal(personal, `${path}.personal`),
    examples: examples === undefined ? [] : checkExampleList(examples, `${path}.examples`),
    becomes: new Set([type, ...(becomes === undefined ? [] : checkBecomes(becomes, types, `${path}.becomes`))]),
  };
  checkExamplesNow(shape, path);
  return shape;
}

function checkDescription(value: unknown, path: string): string {
  if (typeof value !== "string") throw new InvalidArgumentError(path, `must be a string, not ${describeValue(value)}`);
  const bytes = Buffer.byteLength(value);
  if (bytes > mostDescriptionBytes) throw new InvalidArgumentError(path, `is ${bytes} bytes of UTF-8; at most ${mostDescriptionBytes} are allowed`);
  return value;
}

function checkExampleList(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of data such as [{ sku: "tea" }], not ${describeValue(value)}`);
  return Array.from(value);
}

function checkBecomes(value: unknown, types: readonly string[], path: string): readonly string[] {
  return listOf((type, at) => {
    const name = checkEventType(type, at);
    if (!types.includes(name)) throw new InvalidArgumentError(at, `is ${describeValue(name)}, which is no type of this catalogue${didYouMean(name, types)}`);
    return name;
  }, "leave it out if no step makes events of other types")(value, path);
}
