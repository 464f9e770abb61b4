import { encodeJson } from "../../arguments/json.ts";
import { quoteStep } from "../../arguments/describe-value.ts";
import { createCodec } from "../../catalogue/create-codec.ts";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import { decodedParts } from "../../catalogue/event-codec.ts";
import { encodeShape } from "../../catalogue/event-encoder.ts";
import type { EventShape } from "../../catalogue/event-shape.ts";
import { recorded } from "./golden-entry.ts";

/** An example as it would be stored today. */
export interface StoredExample {
  readonly stored: unknown;
  /** Whether it is stored the same each time: a schema may fill in what is new each time, such as an id or the present moment. */
  readonly isSteady: boolean;
}

/** @throws what the schema or a codec refuses it with. */
export async function storedExample(catalogue: DefinedEvents, { type, examples }: EventShape, index: number): Promise<StoredExample> {
  const path = `definitions${quoteStep(type)}.examples[${index}]`;
  const once = async (): Promise<string> => encodeJson((await encodeShape(catalogue, type, examples[index], () => path)).data, path);
  const text = await once();
  return { stored: JSON.parse(text), isSteady: (await once()) === text };
}

/**
 * The same in an older version, by the steps of `downcast`; undefined where they do not lead there, or fail: `tidemark events check` says
 * why.
 */
export function downcastExample(catalogue: DefinedEvents, { type, version, downcast }: EventShape, stored: unknown, wanted: number): unknown {
  if (wanted < version - downcast.size) return undefined;
  try {
    const [part] = decodedParts(recorded(type, version, stored), createCodec(catalogue).decoder({ as: { [type]: wanted } }));
    return part?.type === type && part.schemaVersion === wanted ? part.data : undefined;
  } catch {
    return undefined;
  }
}
