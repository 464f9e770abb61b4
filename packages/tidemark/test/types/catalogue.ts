import { type } from "arktype";
import {
  asBigInt,
  asDate,
  become,
  defineEvents,
  type Event,
  event,
  type EventCatalogue,
  type InferEvents,
  type InferNewEvents,
  isTidemarkError,
  retired,
  type StandardSchema,
  type StoredCodec,
  type StoredEvent,
} from "tidemark";
import * as v from "valibot";
import { z } from "zod";
import { same } from "./cart.ts";

const events = defineEvents({
  ZodAlone: z.object({ sku: z.string(), at: z.string().transform((text) => new Date(text)), quantity: z.number().default(1) }),
  ZodDefined: {
    schema: z.object({ at: z.date(), channel: z.enum(["web", "shop"]) }),
    version: 3,
    description: "The customer confirmed the cart.",
    upcast: {
      1: ({ data }) => ({ ...data, channel: "web" }),
      2: ({ data, streamId, schemaVersion, metadata }) => {
        same<string>()(streamId);
        same<number>()(schemaVersion);
        same<string | undefined>()(metadata.actorId);
        return { at: data.confirmedAt, channel: data.channel };
      },
    },
    downcast: { 3: ({ data }) => ({ confirmedAt: data.at, channel: data.channel }) },
    stored: { at: asDate, "lines[].price": asBigInt, link: { encode: (url: URL) => url.href, decode: (href: string) => new URL(href) } },
    examples: [{ at: new Date(0), channel: "web" }],
  },
  ValibotAlone: v.object({
    name: v.pipe(
      v.string(),
      v.transform((text) => text.length),
    ),
  }),
  ValibotDefined: { schema: v.object({ name: v.string() }), examples: [{ name: "tea" }] },
  ArktypeAlone: type({ name: "string" }),
  ArktypeDefined: { schema: type({ name: "string", at: "string.date.parse" }), version: 2, upcast: { 1: ({ data }) => data } },
  PlainAlone: event<{ sku: string }>(),
  PlainDefined: { schema: event<readonly string[]>(), version: 2, upcast: { 1: () => become([{ type: "PlainAlone", data: {} }]) }, becomes: ["PlainAlone"] },
  Split: retired(({ data, recordedAt }) => [{ type: "PlainAlone", schemaVersion: 1, data: { sku: data.sku, on: recordedAt.toISOString() } }], {
    becomes: ["PlainAlone"],
  }),
  Dropped: retired(() => []),
});

declare const read: InferEvents<typeof events>;
declare const written: InferNewEvents<typeof events>;

same<
  | Event<"ZodAlone", { sku: string; at: Date; quantity: number }>
  | Event<"ZodDefined", { at: Date; channel: "web" | "shop" }>
  | Event<"ValibotAlone", { name: number }>
  | Event<"ValibotDefined", { name: string }>
  | Event<"ArktypeAlone", { name: string }>
  | Event<"ArktypeDefined", { name: string; at: Date }>
  | Event<"PlainAlone", { sku: string }>
  | Event<"PlainDefined", readonly string[]>
>()(read);
same<
  | Event<"ZodAlone", { sku: string; at: string; quantity?: number | undefined }>
  | Event<"ZodDefined", { at: Date; channel: "web" | "shop" }>
  | Event<"ValibotAlone", { name: string }>
  | Event<"ValibotDefined", { name: string }>
  | Event<"ArktypeAlone", { name: string }>
  | Event<"ArktypeDefined", { name: string; at: string }>
  | Event<"PlainAlone", { sku: string }>
  | Event<"PlainDefined", readonly string[]>
>()(written);

// A switch narrows.
export function about(one: InferEvents<typeof events>): string {
  switch (one.type) {
    case "ZodAlone":
      return one.data.at.toISOString();
    case "ValibotAlone":
      return one.data.name.toFixed();
    default:
      return one.type;
  }
}

// Any catalogue is one of any events, and a part of it says which.
const general: EventCatalogue = events;
same<readonly string[]>()(general.types);
declare function openWith<Events extends Event, Input extends Event>(
  catalogue: EventCatalogue<Events, Input>,
): { readonly events: Events; readonly input: Input };
same<InferEvents<typeof events>>()(openWith(events).events);
same<InferNewEvents<typeof events>>()(openWith(events).input);

// Every schema of another library is one, and so is an own one.
const schemas: readonly StandardSchema[] = [z.string(), v.string(), type("string"), event<string>()];
const own: StandardSchema<string, number> = { "~standard": { version: 1, vendor: "own", validate: (value) => ({ value: Number(value) }) } };
declare const measured: InferEvents<ReturnType<typeof withOwn>>;
const withOwn = () => defineEvents({ Measured: own });
same<Event<"Measured", number>>()(measured);

// A definition of the user's own function.
export const step = ({ data, tags }: StoredEvent): { sku: string; tags: number } => ({ sku: data.sku, tags: tags.length });
interface Sku {
  readonly sku: string;
}
export const more = defineEvents({ A: { schema: event<Sku>(), version: 3, upcast: { 1: step, 2: ({ data }): Sku => data } } });
export const asUrl: StoredCodec<URL, string> = { encode: (url) => url.href, decode: (href) => new URL(href) };
same<string>()(asDate.encode(new Date()));
same<bigint>()(asBigInt.decode("1"));

export function issuesOf(error: unknown): readonly string[] {
  if (isTidemarkError(error, "UNKNOWN_EVENT_TYPE")) same<number | undefined>()(error.schemaVersion);
  if (isTidemarkError(error, "EVENT_UNDECODABLE")) same<number>()(error.position);
  return isTidemarkError(error, "EVENT_VALIDATION") ? error.issues.map(({ path, message }) => `${path} ${message}`) : [];
}

// @ts-expect-error -- a misspelt part of a definition
defineEvents({ A: { schema: event<Sku>(), upcasts: {} } });
// @ts-expect-error -- an example of another shape
defineEvents({ A: { schema: event<Sku>(), examples: [{ sku: 3 }] } });
// @ts-expect-error -- no schema
defineEvents({ A: { version: 2 } });
// @ts-expect-error -- a step that returns nothing
defineEvents({ A: { schema: event<Sku>(), version: 2, upcast: { 1: () => {} } } });
// @ts-expect-error -- a part without data
retired(() => [{ type: "A" }]);
// @ts-expect-error -- a retired type cannot be appended
export const gone: InferNewEvents<typeof events> = { type: "Dropped", data: {} };
