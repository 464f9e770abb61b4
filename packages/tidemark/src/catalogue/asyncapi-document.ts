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

/** What messages of a type look like in a channel. */
export interface AsyncApiMessage {
  /** Undefined: JSON. */
  readonly contentType?: string;
  /** A JSON Schema of all headers. */
  readonly headers: object;
  /** Undefined: of any kind. */
  readonly payload?: object;
  /** Whether the payload is the data as it is stored, so that examples of the data are examples of messages. */
  readonly isData: boolean;
}

/** Where messages are sent. */
export interface AsyncApiChannel {
  /** Undefined: `events`. */
  readonly name?: string;
  /** Such as a topic; undefined: it is not known. */
  readonly address?: string | undefined;
  /** Undefined: every type of the catalogue. */
  readonly types: ReadonlySet<string> | undefined;
  /** @param data - A reference to the schema of the stored data. */
  readonly describe: (event: { readonly type: string; readonly schemaVersion: number; readonly data: object }) => AsyncApiMessage;
}

export interface AsyncApiOptions {
  readonly title: string;
  /** Of the document. */
  readonly version: string;
  readonly servers: readonly AsyncApiServer[];
  readonly channels: readonly AsyncApiChannel[];
}

/**
 * An AsyncAPI 3.0 document of a catalogue: in each channel, to which the application sends, a message for each type in its newest version.
 *
 * @throws {@link MissingDependencyError} — a schema of valibot needs `@valibot/to-json-schema`.
 */
export async function asyncApiDocument(catalogue: DefinedEvents, { title, version, servers, channels }: AsyncApiOptions): Promise<object> {
  const shapes = [...catalogue.shapes.values()].filter(({ type }) => channels.some(({ types }) => types?.has(type) ?? true));
  const keys = componentKeys(shapes.map(({ type }) => type));
  const schemas: Record<string, unknown> = {};
  const examples = new Map<string, readonly unknown[]>();
  for (const shape of shapes) {
    const key = keys.get(shape.type) ?? shape.type;
    const described = await describeData(shape, "stored");
    schemas[key] =
      "schema" in described ? asyncApiSchema(described.schema, schemaPlace(key)) : { description: `There is no JSON Schema: ${described.missing}.` };
    examples.set(shape.type, await storedExamples(catalogue, shape));
  }
  const messages: Record<string, object> = {};
  const described: Record<string, object> = {};
  const operations: Record<string, object> = {};
  const names = componentKeys(channels.flatMap(({ name }) => name ?? []));
  for (const channel of channels) {
    const name = channel.name === undefined ? undefined : names.get(channel.name);
    const references: Record<string, object> = {};
    for (const shape of shapes) {
      if (channel.types && !channel.types.has(shape.type)) continue;
      const key = keys.get(shape.type) ?? shape.type;
      const place = name === undefined ? key : `${name}.${key}`;
      messages[place] = message(channel, shape, key, examples.get(shape.type) ?? []);
      references[key] = { $ref: `#/components/messages/${place}` };
    }
    described[name ?? "events"] = { address: channel.address ?? null, title: channel.name ?? "Events", messages: references };
    operations[name === undefined ? "sendEvents" : `send.${name}`] = {
      action: "send",
      channel: { $ref: `#/channels/${name ?? "events"}` },
      messages: Object.keys(references).map((key) => ({ $ref: `#/channels/${name ?? "events"}/messages/${key}` })),
    };
  }
  return {
    asyncapi: "3.0.0",
    info: { title, version },
    defaultContentType: "application/json",
    ...(servers.length > 0 && { servers: Object.fromEntries(servers.map(({ name, ...server }) => [name, server])) }),
    channels: described,
    operations,
    components: { messages, schemas },
  };
}

function schemaPlace(key: string): string {
  return `#/components/schemas/${key}`;
}

function message({ describe }: AsyncApiChannel, { type, version, description }: EventShape, key: string, examples: readonly unknown[]): object {
  const { contentType, headers, payload = {}, isData } = describe({ type, schemaVersion: version, data: { $ref: schemaPlace(key) } });
  return {
    name: type,
    title: `${type}, version ${version}`,
    ...(description !== undefined && { description }),
    ...(contentType !== undefined && { contentType }),
    headers,
    payload,
    ...(isData && examples.length > 0 && { examples: examples.map((example) => ({ payload: example })) }),
  };
}

/** The channel of the events themselves: the payload is an event's data as it is stored, and the headers are the rest of the event. */
export function eventsChannel(address: string | undefined): AsyncApiChannel {
  return { address, types: undefined, describe: ({ type, schemaVersion, data }) => ({ headers: headers(type, schemaVersion), payload: data, isData: true }) };
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
