import { checkFunction, listOf, wholeNumber } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkEventType } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { createCodec } from "../catalogue/create-codec.ts";
import { DefinedEvents } from "../catalogue/defined-events.ts";
import { decodedParts } from "../catalogue/event-codec.ts";
import type { EventShape } from "../catalogue/event-shape.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { recorded } from "../transfer/golden/golden-entry.ts";
import { givenData, newestData, nothingToTry } from "./properties/event-data.ts";
import { type EventData, GivenData } from "./properties/given-data.ts";
import { PropertyFailure, RoundTrip, storedText } from "./properties/round-trip.ts";
import { tryData, type TryOptions } from "./properties/try-data.ts";

/**
 * What `catalogueContract` takes.
 *
 * @example
 * ```ts
 * const contract: CatalogueContract = {
 *   test: (name, run) => void laws.push([name, run]),
 *   events: defineEvents({ ItemAdded: { schema: event<{ sku: string }>(), version: 2, upcast: { 1: ({ data }) => ({ sku: data.item }) } } }),
 *   data: { ItemAdded: { 1: [{ item: "tea" }], 2: [{ sku: "tea" }] } },
 * };
 * ```
 */
export interface CatalogueContract {
  /** Your test runner's: `test` of vitest, jest or node:test. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  readonly events: EventCatalogue;
  /**
   * Data to try, by type and version: an array, or an arbitrary of fast-check. That of the newest version may be appended, that of older
   * versions and of retired types is what was stored. An empty array leaves a version out.
   *
   * @defaultValue of the newest version what its JSON Schema describes, and the definition's examples; of an older one what the steps of
   *   `downcast` make of that
   */
  readonly data?: Readonly<Record<string, Readonly<Record<number, EventData>>>>;
  /** The types whose schemas do not accept what they return, because they transform it. What is read is not checked by these. */
  readonly transforms?: readonly string[];
  /** How many values each test makes, 1 to 1,000,000. @defaultValue 100 */
  readonly runs?: number;
  /** Makes the same values at each run; a failed test says its own. @defaultValue another at each run */
  readonly seed?: number;
}

const shape = {
  test: checkFunction,
  events: checkCatalogue,
  data: (value: unknown) => value,
  transforms: listOf(checkEventType, "name the types whose schemas transform"),
  runs: wholeNumber(1, 1_000_000),
  seed: wholeNumber(-2_147_483_648, 2_147_483_647),
};

/**
 * Registers a property test for each type and version of a catalogue. The newest version: what the schema accepts is stored as JSON, and
 * read back as the schema returned it. Older versions and retired types: what was stored becomes what today's schemas accept, the same
 * each time, and could be stored again.
 *
 * The data comes from the JSON Schema of your schemas, as far as your library gives one, from the definitions' examples, and from `data`.
 * Data made by an arbitrary needs the package `fast-check`. A test fails if there is nothing to try, and says what to give.
 *
 * @throws {@link InvalidArgumentError} — an option is wrong, or `data` names what the catalogue does not have.
 * @throws {@link MissingDependencyError} — in a test: `fast-check` is not installed, or what a library needs to describe its schemas.
 *
 * @example
 * ```ts
 * const events = defineEvents({ ItemAdded: { schema: event<{ sku: string }>(), examples: [{ sku: "tea" }] } });
 * catalogueContract({ test: (name, run) => void laws.push([name, run]), events });
 * ```
 */
export function catalogueContract(contract: CatalogueContract): void {
  const { events, transforms = [], runs = 100, seed } = checkOptions(contract, shape, "contract");
  if (typeof contract.test !== "function") throw new InvalidArgumentError("contract.test", "is missing; give the function test of your test runner");
  if (!events) throw new InvalidArgumentError("contract.events", "is missing; give the catalogue that defineEvents returned");
  const properties = new CatalogueProperties(events, new GivenData(contract.data, events), transforms, { runs, seed });
  for (const [name, run] of properties.tests()) contract.test(name, run);
}

function checkCatalogue(value: unknown, path: string): DefinedEvents {
  if (value instanceof DefinedEvents) return value;
  throw new InvalidArgumentError(path, `must be a catalogue made by defineEvents of this copy of tidemark, not ${describeValue(value)}`);
}

type NamedTest = readonly [name: string, run: () => Promise<void>];

class CatalogueProperties {
  readonly #catalogue: DefinedEvents;
  readonly #given: GivenData;
  readonly #options: TryOptions;
  readonly #roundTrip: RoundTrip;

  constructor(catalogue: DefinedEvents, given: GivenData, transforms: readonly string[], options: TryOptions) {
    this.#catalogue = catalogue;
    this.#given = given;
    this.#options = options;
    this.#roundTrip = new RoundTrip(catalogue, transforms);
  }

  *tests(): Iterable<NamedTest> {
    for (const shape of this.#catalogue.shapes.values()) {
      const { type, version } = shape;
      for (let older = 1; older < version; older++) yield* this.#unlessEmpty(type, older, () => this.#older(shape, older));
      yield* this.#unlessEmpty(type, version, () => this.#newest(shape));
    }
    for (const type of this.#catalogue.retired.keys()) {
      const versions = this.#given.versionsOf(type);
      for (const version of versions.length > 0 ? versions : [1]) yield* this.#unlessEmpty(type, version, () => this.#stored(type, version));
    }
  }

  *#unlessEmpty(type: string, version: number, run: () => Promise<void>): Iterable<NamedTest> {
    const given = this.#given.of(type, version);
    if (!Array.isArray(given) || given.length > 0) yield [nameOf(type, version, this.#catalogue.shapes.get(type)?.version), run];
  }

  async #newest(shape: EventShape): Promise<void> {
    const { type, version } = shape;
    const source = await newestData(shape, this.#given.of(type, version));
    if (!source.arbitrary && source.list.length === 0) throw nothingToTry(type, version, source.missing);
    await tryData(source, nameOf(type, version, shape.version), this.#options, (data, isGuess) =>
      this.#accepted(shape, data, isGuess, (value) => this.#roundTrip.ofNewest(shape, value)),
    );
  }

  async #stored(type: string, version: number): Promise<void> {
    const given = this.#given.of(type, version);
    if (!given) throw nothingToTry(type, version, undefined);
    await tryData(givenData(given), nameOf(type, version, this.#catalogue.shapes.get(type)?.version), this.#options, async (data) => {
      await this.#roundTrip.ofStored(type, version, data);
      return true;
    });
  }

  async #older(shape: EventShape, version: number): Promise<void> {
    const { type } = shape;
    if (this.#given.of(type, version)) return await this.#stored(type, version);
    if (version < shape.version - shape.downcast.size) throw nothingToTry(type, version, "and no steps of downcast lead there");
    const source = await newestData(shape, this.#given.of(type, shape.version));
    if (!source.arbitrary && source.list.length === 0) throw nothingToTry(type, version, source.missing);
    const decoder = createCodec(this.#catalogue).decoder({ as: { [type]: version } });
    await tryData(source, nameOf(type, version, shape.version), this.#options, (data, isGuess) =>
      this.#accepted(shape, data, isGuess, async (value) => {
        for (const part of decodedParts(recorded(type, shape.version, JSON.parse(storedText(shape, value))), decoder))
          await this.#roundTrip.ofStored(type, version, part.data);
      }),
    );
  }

  async #accepted(shape: EventShape, data: unknown, isGuess: boolean, use: (value: unknown) => Promise<void>): Promise<boolean> {
    const accepted = await this.#roundTrip.accepted(shape, data);
    if (accepted) await use(accepted.value);
    else if (!isGuess) throw new PropertyFailure("the schema refuses it");
    return accepted !== undefined;
  }
}

function nameOf(type: string, version: number, newest: number | undefined): string {
  return `${type} ${version} ${version === newest ? "is read as it was appended" : "becomes what today's schemas accept"}`;
}
