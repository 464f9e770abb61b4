import type { DefinedEvents } from "./defined-events.ts";
import { encodeShape } from "./event-encoder.ts";
import type { EventShape } from "./event-shape.ts";
import { asyncApiSchema } from "./asyncapi-schema.ts";
import { describeData } from "./json-schema.ts";

/** A server of an AsyncAPI document. */
export interface AsyncApiServer {
  readonly name: string;
  readonly host: string;
  readonly protocol: string;
  readonly pathname?: string;
}

export interface AsyncApiOptions {
  readonly title: string;
  /** Of the document. */
  readonly version: string;
  /** Of the channel, such as a topic; undefined: it is not known. */
  readonly address?: string | undefined;
  readonly servers: readonly AsyncApiServer[];
}

/**
 * An AsyncAPI 3.0 document of a catalogue: one channel, which the application sends to, with a message for each type in its newest
 * version. The payload is an event's data as it is stored, and the headers are the rest of the event.
 *
 * @throws {@link MissingDependencyError} — a schema of valibot needs `@valibot/to-json-schema`.
 */
export async function asyncApiDocument(catalogue: DefinedEvents, { title, version, address, servers }: AsyncApiOptions): Promise<object> {
  const keys = componentKeys(catalogue.types);
  const messages: Record<string, object> = {};
  const schemas: Record<string, unknown> = {};
  const references: Record<string, object> = {};
  for (const shape of catalogue.shapes.values()) {
    const key = keys.get(shape.type) ?? shape.type;
    const place = `#/components/schemas/${key}`;
    const described = await describeData(shape, "stored");
    schemas[key] = "schema" in described ? asyncApiSchema(described.schema, place) : { description: `There is no JSON Schema: ${described.missing}.` };
    messages[key] = await message(catalogue, shape, place);
    references[key] = { $ref: `#/components/messages/${key}` };
  }
  return {
    asyncapi: "3.0.0",
    info: { title, version },
    defaultContentType: "application/json",
    ...(servers.length > 0 && { servers: Object.fromEntries(servers.map(({ name, ...server }) => [name, server])) }),
    channels: { events: { address: address ?? null, title: "Events", messages: references } },
    operations: {
      sendEvents: {
        action: "send",
        channel: { $ref: "#/channels/events" },
        messages: Object.keys(references).map((key) => ({ $ref: `#/channels/events/messages/${key}` })),
      },
    },
    components: { messages, schemas },
  };
}

async function message(catalogue: DefinedEvents, shape: EventShape, place: string): Promise<object> {
  const { type, version, description } = shape;
  const examples = await storedExamples(catalogue, shape);
  return {
    name: type,
    title: `${type}, version ${version}`,
    ...(description !== undefined && { description }),
    headers: headers(type, version),
    payload: { $ref: place },
    ...(examples.length > 0 && { examples: examples.map((payload) => ({ payload })) }),
  };
}

/** An event without its data: the keys of an export. */
function headers(type: string, schemaVersion: number): object {
  const properties = {
    id: { type: "string", format: "uuid" },
    type: { type: "string", const: type },
    schemaVersion: { type: "integer", const: schemaVersion },
    streamId: { type: "string", description: "The ordered events of one thing." },
    version: { type: "integer", minimum: 1, description: "The event's place in its stream." },
    position: { type: "integer", minimum: 1, description: "The event's place in the log." },
    recordedAt: { type: "string", format: "date-time" },
    tenant: { type: "string" },
    tags: { type: "array", items: { type: "string" } },
    metadata: { type: "object" },
  };
  return { type: "object", properties, required: ["id", "type", "schemaVersion", "streamId", "version", "position", "recordedAt"] };
}

/**
 * Examples as they are stored. One that its schema refuses is for `events check` to report, and one with `$ref` cannot be said: it would be
 * a reference.
 */
async function storedExamples(catalogue: DefinedEvents, { type, examples }: EventShape): Promise<readonly unknown[]> {
  const stored: unknown[] = [];
  for (const example of examples) {
    try {
      const { data } = await encodeShape(catalogue, type, example, () => "example");
      if (!JSON.stringify(data).includes('"$ref":')) stored.push(data);
    } catch {
      continue;
    }
  }
  return stored;
}

/** The key of each type among the components of a document, which are made of letters, digits, `.`, `_` and `-`. */
function componentKeys(types: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const keys = new Map<string, string>();
  // Those that can stay as they are come first, so that no other takes their key.
  for (const type of types.toSorted((a, b) => Number(isKey(b)) - Number(isKey(a)))) {
    const base = isKey(type) ? type : type.replaceAll(/[^\w.-]/g, "_").replace(/^__proto__$/, "proto");
    let key = base;
    for (let n = 2; taken.has(key); n++) key = `${base}_${n}`;
    taken.add(key);
    keys.set(type, key);
  }
  return keys;
}

/** A property of an object literal that is named `__proto__` would be its prototype. */
function isKey(type: string): boolean {
  return /^[\w.-]+$/.test(type) && type !== "__proto__";
}
