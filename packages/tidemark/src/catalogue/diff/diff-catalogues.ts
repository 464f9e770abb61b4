import { quoteStep, quoteText } from "../../arguments/describe-value.ts";
import type { DefinedEvents } from "../defined-events.ts";
import type { EventShape } from "../event-shape.ts";
import { describeData } from "../json-schema.ts";
import { accepts } from "./accepts.ts";
import type { CatalogueChange } from "./catalogue-change.ts";
import { diffShapes } from "./diff-shapes.ts";

/**
 * Every change between two catalogues: of old code and of new code. Compares what is stored, as far as schemas can be described as JSON
 * Schema, and tries the examples of each with the other.
 *
 * @throws {@link MissingDependencyError} — a schema of valibot needs `@valibot/to-json-schema`.
 */
export async function diffCatalogues(before: DefinedEvents, after: DefinedEvents): Promise<readonly CatalogueChange[]> {
  const changes: CatalogueChange[] = [];
  for (const type of new Set([...before.shapes.keys(), ...before.retired.keys(), ...after.shapes.keys(), ...after.retired.keys()])) {
    const [old, now] = [before.shapes.get(type), after.shapes.get(type)];
    if (old && now) changes.push(...(await diffShapes(before, after, old, now)));
    else changes.push(...(await ofWholeType(type, before, after)));
  }
  return changes;
}

async function ofWholeType(type: string, before: DefinedEvents, after: DefinedEvents): Promise<readonly CatalogueChange[]> {
  const whole = { type, path: undefined };
  const [old, now] = [before.shapes.get(type), after.shapes.get(type)];
  if (old) {
    if (after.retired.has(type)) return [{ ...whole, message: "is retired", needs: "rename", done: true, oldCode: "reads" }];
    return [
      {
        ...whole,
        message: "is gone, but events of it are stored",
        needs: "rename",
        done: false,
        oldCode: "reads",
        remedy: await retireRemedy(old, before, after),
      },
    ];
  }
  if (now) {
    if (!before.retired.has(type)) return [{ ...whole, message: "is new", needs: "nothing", done: true, oldCode: "refuses" }];
    const remedy = `write its events under another name: stored events of ${quoteText(type)} are of the shape before it was retired`;
    return [{ ...whole, message: "was retired, and is written again", needs: "upcaster", done: false, oldCode: "misreads", remedy }];
  }
  if (before.retired.has(type) && after.retired.has(type)) return [];
  if (after.retired.has(type)) return [{ ...whole, message: "is new, and retired", needs: "nothing", done: true, oldCode: "reads" }];
  const remedy = `put its retired(…) back: ${quoteText(type)} may be stored`;
  return [{ ...whole, message: "was retired, and is gone, but events of it are stored", needs: "rename", done: false, oldCode: "reads", remedy }];
}

/** Names a new type of the same shape, which it may have become. */
async function retireRemedy(old: EventShape, before: DefinedEvents, after: DefinedEvents): Promise<string> {
  const shape = await describeData(old, "stored");
  let became: string | undefined;
  for (const now of after.shapes.values()) {
    if (before.shapes.has(now.type) || before.retired.has(now.type) || !("schema" in shape)) continue;
    const other = await describeData(now, "stored");
    if (!("schema" in other)) continue;
    const [a, b] = [{ ...shape.schema }, { ...other.schema }];
    if (accepts({ schema: b, root: b }, { schema: a, root: a })) became ??= now.type;
  }
  const key = quoteStep(old.type).startsWith(".") ? old.type : JSON.stringify(old.type);
  return became === undefined
    ? `${key}: retired(({ data }) => [{ type: …, data: … }]), or retired(() => []) if its events mean nothing any more`
    : `${key}: retired(({ data }) => [{ type: ${JSON.stringify(became)}, data }], { becomes: [${JSON.stringify(became)}] })`;
}
