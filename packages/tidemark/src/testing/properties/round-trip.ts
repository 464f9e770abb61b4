import { isDeepStrictEqual } from "node:util";
import { quoteText } from "../../arguments/describe-value.ts";
import { encodeJson } from "../../arguments/json.ts";
import { createCodec } from "../../catalogue/create-codec.ts";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import { decodedParts, type EventDecoder } from "../../catalogue/event-codec.ts";
import type { EventShape } from "../../catalogue/event-shape.ts";
import { issuesAt } from "../../catalogue/issue-path.ts";
import { validate } from "../../catalogue/validate.ts";
import { issuesText } from "../../errors/catalogue.ts";
import type { RecordedEvent } from "../../model/event.ts";
import { recorded } from "../../transfer/golden/golden-entry.ts";
import { shown } from "../assert-same.ts";

/** What a property found wrong with one event's data. */
export class PropertyFailure extends Error {}

/** What has to hold for an event's data on its way through a store. */
export class RoundTrip {
  readonly #catalogue: DefinedEvents;
  readonly #decoder: EventDecoder;
  readonly #transforms: ReadonlySet<string>;

  /** @param transforms - The types whose schemas do not accept what they return. */
  constructor(catalogue: DefinedEvents, transforms: readonly string[]) {
    this.#catalogue = catalogue;
    this.#decoder = createCodec(catalogue).decoder();
    this.#transforms = new Set(transforms);
  }

  /** What the schema makes of the data. Undefined: it refuses it. */
  async accepted({ schema }: EventShape, data: unknown): Promise<{ readonly value: unknown } | undefined> {
    const result = await validate(schema, data);
    return result.issues ? undefined : { value: result.value };
  }

  /** What a schema returned is stored as JSON, and read back as it was, each time. */
  async ofNewest(shape: EventShape, value: unknown): Promise<void> {
    const stored = storedText(shape, value);
    const [part, ...more] = this.#read(recorded(shape.type, shape.version, undefined), stored);
    if (!part || more.length > 0) throw new PropertyFailure(`the newest version of ${quoteText(shape.type)} is read as ${more.length} other events`);
    if (!isDeepStrictEqual(part.data, defined(value)))
      throw new PropertyFailure(`what is read back is not what was appended: ${shown([part.data])}, not ${shown([value])}; it is stored as ${stored}`);
    await this.#accepts(shape, part.data, "what is read back");
  }

  /** What is stored in an older version, or under a retired type, becomes what today's schemas accept, and could be stored again. */
  async ofStored(type: string, version: number, data: unknown): Promise<void> {
    for (const part of this.#read(recorded(type, version, undefined), encodeJson(data, "data"))) {
      const shape = this.#catalogue.shapes.get(part.type);
      if (!shape) throw new PropertyFailure(`it becomes ${quoteText(part.type)}, which the catalogue does not know`);
      await this.#accepts(shape, part.data, `what it becomes, ${quoteText(part.type)} ${part.schemaVersion},`);
      const [again] = this.#read(recorded(shape.type, shape.version, undefined), storedText(shape, part.data));
      if (!isDeepStrictEqual(again?.data, defined(part.data)))
        throw new PropertyFailure(`stored again, what it becomes is read as ${shown([again?.data])}, not ${shown([part.data])}`);
    }
  }

  /** Twice, from the same text: a step has to make the same each time. */
  #read(event: RecordedEvent, stored: string): readonly RecordedEvent[] {
    const [first, second] = [0, 1].map(() => decodedParts({ ...event, data: JSON.parse(stored) }, this.#decoder));
    if (!first || !isDeepStrictEqual(first, second)) throw new PropertyFailure(`it is read as ${shown([first])}, and the next time as ${shown([second])}`);
    return first;
  }

  async #accepts({ type, schema, checks }: EventShape, data: unknown, what: string): Promise<void> {
    if (!checks || this.#transforms.has(type)) return;
    const result = await validate(schema, data);
    if (!result.issues) return;
    throw new PropertyFailure(
      `the schema of ${quoteText(type)} refuses ${what}: ${issuesText(issuesAt(result.issues, "data"))}. If it accepts something else than it returns, name the type in transforms`,
    );
  }
}

/** What a store would send. */
export function storedText({ stored }: EventShape, value: unknown): string {
  return encodeJson(stored ? stored.encode(value) : value, "data");
}

/** The value without the keys that are undefined, which JSON leaves out. */
function defined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(defined);
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, held]) => held !== undefined)
      .map(([key, held]) => [key, defined(held)]),
  );
}
