import type { Arbitrary } from "fast-check";
import { quoteText } from "../../arguments/describe-value.ts";
import { describeData } from "../../catalogue/json-schema.ts";
import type { EventShape } from "../../catalogue/event-shape.ts";
import { importFastCheck, isArbitrary } from "./fast-check.ts";
import type { EventData } from "./given-data.ts";
import { JsonArbitrary } from "./json-arbitrary.ts";

/** Where the data of one version comes from. */
export interface DataSource {
  readonly list: readonly unknown[];
  readonly arbitrary?: Arbitrary<unknown>;
  /** Whether a schema may refuse what the arbitrary makes. */
  readonly isGuess?: boolean;
  /** Why there is no arbitrary. */
  readonly missing?: string;
}

/** Of the newest version: what was given, or what the JSON Schema of the stored form describes; and the examples. */
export async function newestData(shape: EventShape, given: EventData | undefined): Promise<DataSource> {
  const { examples, stored } = shape;
  if (given !== undefined) return { list: [...examples, ...listOf(given)], ...arbitraryOf(given) };
  const described = await describeData(shape, "stored");
  if ("missing" in described) return { list: examples, missing: described.missing };
  const arbitrary = new JsonArbitrary(await importFastCheck(), described.schema).of(described.schema);
  if (!arbitrary) return { list: examples, missing: "its JSON Schema describes no value that ends" };
  return { list: examples, arbitrary: stored ? arbitrary.map((data) => stored.decode(data)) : arbitrary, isGuess: true };
}

/** Of an older version: what was given, or what the steps of `downcast` make of the newest one. */
export function givenData(given: EventData): DataSource {
  return { list: listOf(given), ...arbitraryOf(given) };
}

/** Says what to give where there is nothing to try. */
export function nothingToTry(type: string, version: number, missing: string | undefined): Error {
  const why = missing === undefined ? "" : ` (${missing})`;
  return new Error(
    `There is no data for version ${version} of ${quoteText(type)}${why}. Give data: { ${JSON.stringify(type)}: { ${version}: [ … ] } }, a list or an arbitrary of fast-check; an empty list leaves the version out.`,
  );
}

function listOf(data: EventData): readonly unknown[] {
  return Array.isArray(data) ? data : [];
}

function arbitraryOf(data: EventData): Pick<DataSource, "arbitrary"> {
  return isArbitrary(data) ? { arbitrary: data } : {};
}
