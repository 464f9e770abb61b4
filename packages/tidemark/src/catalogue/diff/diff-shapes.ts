import { quoteText } from "../../arguments/describe-value.ts";
import type { DefinedEvents } from "../defined-events.ts";
import type { EventShape } from "../event-shape.ts";
import { describeData } from "../json-schema.ts";
import type { CatalogueChange, OldCode } from "./catalogue-change.ts";
import { exampleChanges, storedExamples } from "./example-changes.ts";
import { type SchemaChange, schemaChanges } from "./schema-changes.ts";
import { schemaOfExamples } from "./schema-of-examples.ts";

/** The changes of a type that both catalogues write. */
export async function diffShapes(before: DefinedEvents, after: DefinedEvents, old: EventShape, now: EventShape): Promise<readonly CatalogueChange[]> {
  const { type } = now;
  const whole = { type, path: undefined };
  if (now.version < old.version) {
    const message = `has version ${old.version}, and version ${now.version} after it: events of version ${old.version} are stored`;
    const remedy = `version: ${old.version + 1}, with step ${old.version} that makes the shape you want again`;
    return [{ ...whole, message, needs: "version", done: false, oldCode: "misreads", remedy }];
  }
  const raised = now.version > old.version;
  const changes: CatalogueChange[] = [];
  if (raised) changes.push(raisedVersion(old, now));
  const found = await shapeChanges(old, now);
  if (typeof found === "string") {
    const shown = now.checks ? undefined : await changesOfExamples([before, old], [after, now]);
    const [message, comparedBy] = shown ? (["is compared by its examples alone", "examples"] as const) : (["cannot be compared", "nothing"] as const);
    changes.push({ ...whole, message: `${message}: ${found}`, needs: "nothing", done: true, oldCode: raised ? "refuses" : "unknown", comparedBy });
    changes.push(...(shown ?? []).map((change) => ofExamples(ofSchema(type, change, old.version, raised))));
    changes.push(...storedChanges(old, now, shown ?? []));
  } else {
    changes.push(...found.map((change) => ofSchema(type, change, old.version, raised)));
    if (!raised) changes.push(...storedChanges(old, now, found));
  }
  if (changes.every(({ done }) => done)) changes.push(...(await exampleChanges(before, after, old, now)));
  return [...changes, ...stepChanges(old, now)];
}

async function shapeChanges(old: EventShape, now: EventShape): Promise<readonly SchemaChange[] | string> {
  const [a, b] = [await describeData(old, "stored"), await describeData(now, "stored")];
  if ("missing" in a) return a.missing;
  if ("missing" in b) return b.missing;
  const [before, after] = [{ ...a.schema }, { ...b.schema }];
  return schemaChanges({ schema: before, root: before }, { schema: after, root: after });
}

/** For a type without validation: what its examples show. Undefined: one of the catalogues has none. */
async function changesOfExamples(...sides: readonly [before: Side, after: Side]): Promise<readonly SchemaChange[] | undefined> {
  const [olds, news] = await Promise.all(sides.map(([catalogue, shape]) => storedExamples(catalogue, shape)));
  if (!olds?.length || !news?.length) return undefined;
  const [before, after] = [schemaOfExamples(olds), schemaOfExamples(news)];
  return schemaChanges({ schema: before, root: before }, { schema: after, root: after });
}

type Side = readonly [catalogue: DefinedEvents, shape: EventShape];

/** Examples show what can be, not what cannot. */
function ofExamples(change: CatalogueChange): CatalogueChange {
  const { message, remedy } = change;
  return {
    ...change,
    message: `${message}, by the examples`,
    ...(remedy !== undefined && { remedy: `${remedy}; or examples that also show the old shape, if it may still be written` }),
  };
}

function raisedVersion(old: EventShape, { type, version, downcast }: EventShape): CatalogueChange {
  const lowest = version - downcast.size;
  const asked = lowest <= old.version ? `; readers in new code can ask for as: { ${quoteText(type)}: ${old.version} }` : "";
  const message = `has version ${version} in place of ${old.version}, with the steps between them${asked}`;
  return { type, path: undefined, message, needs: "upcaster", done: true, oldCode: "refuses" };
}

function ofSchema(type: string, change: SchemaChange, version: number, raised: boolean): CatalogueChange {
  const { path, message, needs, oldReads } = change;
  const oldCode: OldCode = raised ? "refuses" : oldReads ? "reads" : "misreads";
  const done = raised || needs === "nothing";
  return { type, path, message, needs, done, oldCode, ...(!done && { remedy: remedyOf(change, version) }) };
}

function remedyOf({ needs, path, field }: SchemaChange, version: number): string {
  const next = `version: ${version + 1}, upcast: { ${version}: `;
  if (needs === "default" && field?.of === "data") return `${next}({ data }) => ({ ...data, ${JSON.stringify(field.name)}: … }) }`;
  return `${next}({ data }) => … }, with a step that ${needs === "default" ? `fills in ${path}` : "makes the new shape"}`;
}

/** Codecs that differ, where schemas do not tell. A field that is new or gone has nothing stored in another form. */
function storedChanges(old: EventShape, now: EventShape, found: readonly SchemaChange[]): readonly CatalogueChange[] {
  const [olds, news] = [old.stored?.codecs ?? new Map(), now.stored?.codecs ?? new Map()];
  const isTold = (path: string): boolean => found.some(({ path: place }) => `data.${path}`.startsWith(place) || place.startsWith(`data.${path}`));
  const raised = now.version > old.version;
  return [...new Set([...olds.keys(), ...news.keys()])].flatMap((path) => {
    const [a, b] = [olds.get(path), news.get(path)];
    if (a?.source === b?.source || isTold(path)) return [];
    const message = a && b ? "is stored by another codec" : a ? "is stored without its codec" : "is stored by a codec";
    const remedy = `version: ${now.version + 1}, with step ${now.version} that turns the form that is stored into the new one`;
    return [
      {
        type: now.type,
        path: `data.${path}`,
        message,
        needs: "upcaster" as const,
        done: raised,
        oldCode: raised ? ("refuses" as const) : ("misreads" as const),
        ...(!raised && { remedy }),
      },
    ];
  });
}

/** Steps of versions that both know: events that are read by them already may be read otherwise. */
function stepChanges(old: EventShape, now: EventShape): readonly CatalogueChange[] {
  const { type } = now;
  const changes: CatalogueChange[] = [];
  for (const [version, step] of old.upcast) {
    if (String(step) === String(now.upcast.get(version))) continue;
    const message = `step ${version} is other code: golden events show whether it does the same; raise stateVersion of snapshots if not`;
    changes.push({ type, path: undefined, message, needs: "nothing", done: true, oldCode: "reads" });
  }
  const [before, after] = [old.version - old.downcast.size, now.version - now.downcast.size];
  if (old.downcast.size > 0 && after > before) {
    const message = `can be read in version ${before} no more: readers with as: { ${quoteText(type)}: ${before} } fail`;
    const remedy = `downcast: steps ${now.version} to ${before + 1}, or change those readers first`;
    changes.push({ type, path: undefined, message, needs: "downcast", done: false, oldCode: "reads", remedy });
  }
  return changes;
}
