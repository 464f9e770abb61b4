import type { DecodeOptions, EventCodec, EventDecoder, ReaderVersions, ShapeFilter } from "../../src/catalogue/event-codec.ts";
import { contains } from "../../src/model/contains.ts";
import { categoryOf, type JsonValue, type RecordedEvent } from "../../src/model/event.ts";
import type { ValidQueryItem } from "../../src/read/filter.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- older shapes have no type
type Data = any;
type Step = (data: Data) => Data;

interface Shape {
  readonly version: number;
  readonly up?: Readonly<Record<number, Step>>;
  readonly down?: Readonly<Record<number, Step>>;
  /** Between the stored form and the one in memory. */
  readonly stored?: { readonly encode: Step; readonly decode: Step };
}

interface Catalogue {
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly retired: Readonly<Record<string, { readonly becomes: readonly string[]; readonly into: (data: Data) => readonly { type: string; data: Data }[] }>>;
}

const confirmed: Shape = {
  version: 1,
  stored: { encode: ({ at }) => ({ at: at.toISOString() }), decode: ({ at }) => ({ at: new Date(at) }) },
};
const spoil = (): never => {
  throw new RangeError("the step from 1 to 2 failed");
};

/** Yesterday's code, and today's: two versions of a type, and retired ones that become one event, several, or none. */
const catalogues: Readonly<Record<"yesterday" | "today", Catalogue>> = {
  yesterday: {
    shapes: {
      ItemAdded: { version: 1 },
      BasketFilled: { version: 1 },
      CartTouched: { version: 1 },
      CartOpened: { version: 1 },
      CartConfirmed: confirmed,
      ItemSpoiled: { version: 1 },
    },
    retired: {},
  },
  today: {
    shapes: {
      ItemAdded: { version: 2, up: { 1: ({ item }) => ({ sku: item, quantity: 1 }) }, down: { 2: ({ sku }) => ({ item: sku }) } },
      CartCreated: { version: 1 },
      CartConfirmed: confirmed,
      ItemSpoiled: { version: 2, up: { 1: spoil } },
    },
    retired: {
      BasketFilled: { becomes: ["ItemAdded"], into: ({ skus }) => skus.map((sku: string) => ({ type: "ItemAdded", data: { sku, quantity: 1 } })) },
      CartTouched: { becomes: [], into: () => [] },
      CartOpened: { becomes: ["CartCreated"], into: (data) => [{ type: "CartCreated", data }] },
    },
  },
};

/** The seam's promises in the smallest form, for tests of what reads through it. */
export function sampleCodec(knows: "yesterday" | "today", unknownEvents: "error" | "skip" | "pass" = "error"): EventCodec {
  const { shapes, retired } = catalogues[knows];
  const storedTypes = (types: readonly string[]): string[] => [
    ...new Set([...types, ...Object.keys(retired).filter((name) => retired[name]?.becomes.some((type) => types.includes(type)))]),
  ];

  const broughtUp = (event: RecordedEvent): RecordedEvent[] => {
    const shape = shapes[event.type];
    if (!shape || event.schemaVersion > shape.version) {
      if (unknownEvents === "error") throw new Error(`unknown event type ${event.type} in version ${event.schemaVersion}`);
      return unknownEvents === "skip" ? [] : [event];
    }
    let { data }: { data: Data } = event;
    for (let version = event.schemaVersion; version < shape.version; version++) data = shape.up?.[version]?.(data);
    return [{ ...event, data, schemaVersion: shape.version }];
  };

  return {
    fingerprint: knows,
    encode: (type, data, at) => {
      const shape = shapes[type];
      if (!shape) throw new Error(`${at()} is of the unknown type ${type}`);
      return { data: shape.stored ? shape.stored.encode(data) : data, schemaVersion: shape.version };
    },
    storedTypes,
    decoder<Item extends ShapeFilter>({ filter, as = {}, raw = false }: DecodeOptions<Item> = {}): EventDecoder<Item> {
      if (raw) return { filter, decode: undefined };
      const decode = (event: RecordedEvent, into: RecordedEvent[]): void => {
        const parts =
          retired[event.type]?.into(event.data).map((part, index, { length }) => ({
            ...event,
            ...part,
            schemaVersion: shapes[part.type]?.version ?? 1,
            ...(length > 1 && { part: index }),
          })) ?? broughtUp(event);
        for (const part of parts) if (!filter || filter.some((item) => fits(item, part))) into.push(inMemory(part, shapes[part.type], as));
      };
      const widened = filter?.map(({ data, ...item }) => {
        const types = item.types && storedTypes(item.types);
        // Older versions, and what another type becomes, hold other data than what is asked for.
        const decides = data === undefined || types?.every((type) => shapes[type]?.version === 1);
        return { ...item, ...(types && { types }), ...(decides && data !== undefined && { data }) };
      });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an alternative with other types and perhaps without data
      return { filter: widened as readonly Item[] | undefined, decode };
    },
  };
}

function inMemory(event: RecordedEvent, shape: Shape | undefined, as: ReaderVersions): RecordedEvent {
  let { data, schemaVersion }: { data: Data; schemaVersion: number } = event;
  if (shape?.stored) data = shape.stored.decode(data);
  const wanted = as[event.type] ?? schemaVersion;
  for (; schemaVersion > wanted; schemaVersion--) data = shape?.down?.[schemaVersion]?.(data);
  return { ...event, data, schemaVersion };
}

/** An alternative holds as a whole, or not at all: a retired event that another one found is no match of this one. */
function fits(item: ShapeFilter, event: RecordedEvent): boolean {
  const { types, categories, streamIds, tags, data, prefix, since }: ValidQueryItem = item;
  const json: JsonValue = JSON.parse(JSON.stringify(event.data));
  return (
    (types?.includes(event.type) ?? true) &&
    (categories?.includes(categoryOf(event.streamId)) ?? true) &&
    (streamIds?.includes(event.streamId) ?? true) &&
    (tags?.every((tag) => event.tags.includes(tag)) ?? true) &&
    (prefix === undefined || event.streamId.startsWith(prefix)) &&
    (!since || event.recordedAt >= since) &&
    (data === undefined || contains(json, JSON.parse(data)))
  );
}
