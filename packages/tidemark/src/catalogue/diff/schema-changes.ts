import { quoteStep } from "../../arguments/describe-value.ts";
import { accepts, keyOf } from "./accepts.ts";
import { alternatives, fieldsOf, innerOf, kindOf, type Rooted, shapeText, valuesOf } from "./json-shape.ts";

/** A change of one place in the data. */
export interface SchemaChange {
  /** `data.lines[].sku` */
  readonly path: string;
  readonly message: string;
  /** What events of the old shape need to be read in the new one. */
  readonly needs: "nothing" | "default" | "upcaster";
  /** Whether the old code understands what the new code writes. */
  readonly oldReads: boolean;
  /** The name of a field that is new or gone, with its object's path. */
  readonly field?: { readonly name: string; readonly of: string };
}

/** What changed between two shapes of data, each place on its own. */
export function schemaChanges(before: Rooted, after: Rooted, path = "data", open: ReadonlySet<string> = new Set()): readonly SchemaChange[] {
  const [a, b] = [keyOf(before), keyOf(after)];
  // A schema that contains itself changes in one place alone.
  if ((a === b && !a.includes("$ref")) || open.has(`${a} ${b}`)) return [];
  const inner = new Set([...open, `${a} ${b}`]);
  const [olds, news] = [alternatives(before), alternatives(after)];
  const mark = discriminator([...olds, ...news]);
  const [oldKinds, newKinds] = [byKind(olds, mark), byKind(news, mark)];
  const isPaired = [...oldKinds.values(), ...newKinds.values()].every(({ length }) => length === 1);
  const shared = [...oldKinds.keys()].filter((kind) => newKinds.has(kind));
  if (!isPaired || shared.length === 0) return whole(before, after, path);
  const changes: SchemaChange[] = [];
  for (const kind of new Set([...oldKinds.keys(), ...newKinds.keys()])) {
    const [old] = oldKinds.get(kind) ?? [];
    const [now] = newKinds.get(kind) ?? [];
    if (old && now) changes.push(...ofOneKind(old, now, path, inner));
    else if (old && !accepts(after, old)) changes.push({ path, message: `is no longer ${named(old, mark)}`, needs: "upcaster", oldReads: true });
    else if (now && !accepts(before, now)) changes.push({ path, message: `can also be ${named(now, mark)}`, needs: "nothing", oldReads: false });
  }
  return changes;
}

function ofOneKind(before: Rooted, after: Rooted, path: string, open: ReadonlySet<string>): readonly SchemaChange[] {
  const changes: SchemaChange[] = [];
  const kind = kindOf(before);
  if (kind === "object") changes.push(...fieldChanges(before, after, path, open));
  for (const [key, step] of [
    ["items", "[]"],
    ["additionalProperties", "{}"],
  ] as const) {
    const [old, now] = [innerOf(before, key), innerOf(after, key)];
    if (old && now) changes.push(...schemaChanges(old, now, path + step, open));
    else if (old && !now && key === "items") changes.push(...whole(before, after, path));
  }
  const [old, now] = [own(before), own(after)];
  return keyOf(old) === keyOf(now) ? changes : [...changes, ...whole(old, now, path)];
}

/** What a schema says of the value itself, not of what is in it. */
function own({ schema, root }: Rooted): Rooted {
  const { properties: _fields, required: _required, additionalProperties: _values, items: _items, ...rest } = schema;
  return { schema: rest, root };
}

function fieldChanges(before: Rooted, after: Rooted, path: string, open: ReadonlySet<string>): readonly SchemaChange[] {
  const [olds, news] = [fieldsOf(before), fieldsOf(after)];
  const gone = [...olds].filter(([name]) => !news.has(name));
  const added = [...news].filter(([name]) => !olds.has(name));
  const at = (name: string): string => path + quoteStep(name);
  const changes: SchemaChange[] = [];
  const [[from, old], [to, now]] = [gone[0] ?? [], added[0] ?? []];
  if (gone.length === 1 && added.length === 1 && from !== undefined && to !== undefined && old && now && keyOf(old) === keyOf(now)) {
    changes.push({
      path: at(to),
      message: `is new, and ${from} is gone: a new name?`,
      needs: "upcaster",
      oldReads: !old.required,
      field: { name: to, of: path },
    });
  } else {
    for (const [name, { required }] of gone) {
      const message = `is gone${required ? "" : "; it was optional"}`;
      changes.push({ path: at(name), message, needs: "nothing", oldReads: !required, field: { name, of: path } });
    }
    for (const [name, { required }] of added) {
      const message = required ? "is new, and always there" : "is new, and optional";
      changes.push({ path: at(name), message, needs: required ? "default" : "nothing", oldReads: true, field: { name, of: path } });
    }
  }
  for (const [name, field] of news) {
    const previous = olds.get(name);
    if (!previous) continue;
    if (field.required && !previous.required) changes.push({ path: at(name), message: "was optional, and is always there", needs: "default", oldReads: true });
    if (!field.required && previous.required) changes.push({ path: at(name), message: "was always there, and is optional", needs: "nothing", oldReads: false });
    changes.push(...schemaChanges(previous, field, at(name), open));
  }
  return changes;
}

/** A value as a whole: which of the two shapes takes the other's values. */
function whole(before: Rooted, after: Rooted, path: string): readonly SchemaChange[] {
  const [readsOld, oldReads] = [accepts(after, before), accepts(before, after)];
  if (readsOld && oldReads) return [];
  return [{ path, message: wholeMessage(before, after), needs: readsOld ? "nothing" : "upcaster", oldReads }];
}

function wholeMessage(before: Rooted, after: Rooted): string {
  const [old, now] = [valuesOf(before.schema), valuesOf(after.schema)];
  if (old && now) {
    const [known, kept] = [old.map((value) => JSON.stringify(value)), now.map((value) => JSON.stringify(value))];
    const [more, gone] = [kept.filter((value) => !known.includes(value)), known.filter((value) => !kept.includes(value))];
    return [...(more.length > 0 ? [`can also be ${more.join(", ")}`] : []), ...(gone.length > 0 ? [`can no longer be ${gone.join(", ")}`] : [])].join(", and ");
  }
  const [a, b] = [shapeText(before), shapeText(after)];
  if (a !== b) return `was ${a}, and is ${b}`;
  const keys = [...new Set([...Object.keys(before.schema), ...Object.keys(after.schema)])];
  const told = keys.filter((key) => JSON.stringify(before.schema[key]) !== JSON.stringify(after.schema[key]));
  const shown = (value: unknown): string => (value === undefined ? "open" : JSON.stringify(value));
  return told.map((key) => `${key} was ${shown(before.schema[key])}, and is ${shown(after.schema[key])}`).join("; ");
}

/** A field that has one value in each object of a union, and tells which one it is. */
function discriminator(shapes: readonly Rooted[]): string | undefined {
  const objects = shapes.filter((shape) => kindOf(shape) === "object").map(fieldsOf);
  const [first] = objects;
  if (!first || objects.length < 3) return undefined;
  return [...first.keys()].find((name) => objects.every((fields) => valuesOf(fields.get(name)?.schema ?? {})?.length === 1));
}

function byKind(shapes: readonly Rooted[], mark: string | undefined): ReadonlyMap<string, readonly Rooted[]> {
  return Map.groupBy(shapes, (shape) => {
    const value = mark === undefined ? undefined : fieldsOf(shape).get(mark)?.schema;
    return kindOf(shape) + (value ? JSON.stringify(valuesOf(value)) : "");
  });
}

function named(shape: Rooted, mark: string | undefined): string {
  const value = mark === undefined ? undefined : fieldsOf(shape).get(mark)?.schema;
  return value ? `{ ${mark}: ${JSON.stringify(valuesOf(value)?.[0])}, … }` : shapeText(shape);
}
