import { encodeJson } from "../../arguments/json.ts";
import { issuesText } from "../../errors/catalogue.ts";
import type { RecordedEvent } from "../../model/event.ts";
import { createCodec } from "../create-codec.ts";
import type { DefinedEvents } from "../defined-events.ts";
import { decodedParts } from "../event-codec.ts";
import { validate } from "../validate.ts";
import { encodeShape } from "../event-encoder.ts";
import type { EventShape } from "../event-shape.ts";
import { issuesAt } from "../issue-path.ts";
import type { CatalogueChange } from "./catalogue-change.ts";

/** What the examples of one catalogue show that its schemas do not: they are stored by it, and read by the other. */
export async function exampleChanges(before: DefinedEvents, after: DefinedEvents, old: EventShape, now: EventShape): Promise<readonly CatalogueChange[]> {
  const { type, version } = now;
  const raised = version > old.version;
  for (let n = 0; n < old.examples.length; n++) {
    const problem = await problemOf(before, after, old, n);
    if (problem === undefined) continue;
    const message = `the old code's examples[${n}] does not fit: ${problem}`;
    const remedy = raised ? `correct the steps to version ${version}` : `version: ${version + 1}, with step ${version} that makes the new shape`;
    return [{ type, path: undefined, message, needs: "upcaster", done: false, oldCode: raised ? "refuses" : "unknown", remedy }];
  }
  // A newer version is refused anyway.
  for (let n = 0; n < (raised ? 0 : now.examples.length); n++) {
    const problem = await problemOf(after, before, now, n);
    if (problem === undefined) continue;
    const message = `the new code's examples[${n}] does not fit the old code: ${problem}`;
    return [{ type, path: undefined, message, needs: "nothing", done: true, oldCode: "misreads" }];
  }
  return [];
}

/** The examples of a type as its catalogue stores them. */
export async function storedExamples(writer: DefinedEvents, shape: EventShape): Promise<readonly unknown[]> {
  const stored = await Promise.all(shape.examples.map((example) => storedExample(writer, shape, example)));
  return stored.flatMap((example) => (example ? [example.data] : []));
}

/** Undefined: it cannot be stored. */
async function storedExample(writer: DefinedEvents, { type }: EventShape, example: unknown): Promise<{ readonly data: unknown } | undefined> {
  try {
    const { data } = await encodeShape(writer, type, example, () => "data");
    return { data: JSON.parse(encodeJson(data, "data")) };
  } catch {
    return undefined;
  }
}

/** Stores an example by one catalogue and reads it by another. Undefined: it fits, or cannot be stored in the first place. */
async function problemOf(writer: DefinedEvents, reader: DefinedEvents, shape: EventShape, n: number): Promise<string | undefined> {
  const stored = await storedExample(writer, shape, shape.examples[n]);
  if (!stored) return undefined;
  try {
    for (const part of decodedParts(recorded(shape, stored.data), createCodec(reader).decoder())) {
      const known = reader.shapes.get(part.type);
      if (!known?.checks || !(await takesWhatItReturns(known))) continue;
      const { issues } = await validate(known.schema, part.data);
      if (issues) return issuesText(issuesAt(issues, "data"));
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A schema that turns its input into something else says nothing about what it returned before. */
async function takesWhatItReturns({ schema, examples }: EventShape): Promise<boolean> {
  for (const example of examples) {
    const first = await validate(schema, example);
    if (first.issues) return false;
    const second = await validate(schema, first.value);
    if (second.issues) return false;
  }
  return examples.length > 0;
}

function recorded({ type, version }: EventShape, data: unknown): RecordedEvent {
  const place = { id: "00000000-0000-7000-8000-000000000000", streamId: "example-1", category: "example", tenant: "", version: 1, position: 1 };
  return { ...place, type, data, schemaVersion: version, metadata: {}, tags: [], recordedAt: new Date(0) };
}
