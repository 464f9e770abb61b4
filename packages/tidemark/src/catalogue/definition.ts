import type { RecordedEvent } from "../model/event.ts";
import type { Become } from "./become.ts";
import type { SchemaInput, StandardSchema } from "./standard-schema.ts";
import type { StoredCodec } from "./stored-codecs.ts";

/**
 * A stored event as a step gets it. `data` is a copy, which the step may change. It is plain JSON of an older shape, for which there is no
 * type any more. All steps of an event get one object, with the data and the version of each: what a step keeps of it, it has to copy.
 *
 * @example
 * ```ts
 * const channelAdded: EventStep = ({ data, recordedAt }: StoredEvent) => ({ ...data, channel: recordedAt.getFullYear() < 2020 ? "shop" : "web" });
 * ```
 */
export interface StoredEvent extends Omit<RecordedEvent, "data" | "part"> {
  // oxlint-disable-next-line typescript/no-explicit-any -- older shapes have no type
  readonly data: any;
}

/**
 * Turns the data of one version of a shape into that of the next, or into other events by `become`. A pure, synchronous function: it
 * runs at every reading and has to return the same each time.
 *
 * @example
 * ```ts
 * const renamed: EventStep = ({ data: { qty, ...rest } }) => ({ ...rest, quantity: qty });
 * ```
 */
export type EventStep = (event: StoredEvent) => object | string | number | boolean | null | Become;

/**
 * What a catalogue says of one event type.
 *
 * @example
 * ```ts
 * const definition: EventDefinition<StandardSchema<{ at: string }>> = {
 *   schema: event<{ at: string }>(),
 *   version: 2,
 *   upcast: { 1: ({ data }) => ({ at: data.confirmedAt }) },
 *   examples: [{ at: "2026-11-20T10:00:00Z" }],
 * };
 * ```
 */
export interface EventDefinition<Schema = StandardSchema> {
  /** Checks the data of new events, in the newest shape. What it returns is stored and read. `event<Data>()` checks nothing. */
  readonly schema: Schema;
  /**
   * The newest version of the shape, 1 to 10,000.
   *
   * @defaultValue 1
   */
  readonly version?: number;
  /** For people: documentation, and the listings of the command line. At most 10,000 bytes. */
  readonly description?: string;
  /** Step `n` turns version `n` into `n + 1`. There is one for each older version. */
  readonly upcast?: { readonly [version: number]: EventStep };
  /**
   * Step `n` turns version `n` into `n - 1`, for readers that know only the older shape (`as`). Works on plain JSON, too: a reader of an
   * older version gets its data as `stored` keeps it. From the newest version downwards without a gap.
   */
  readonly downcast?: { readonly [version: number]: (event: StoredEvent) => object | string | number | boolean | null };
  /**
   * What JSON cannot hold, by its path in the newest shape, with the codec that stores it: `{ at: asDate, "lines[].price": asBigInt,
   * "rates{}.since": asDate }`. `[]` stands for each item of an array, `{}` for each value of a record. `null` and what is missing stay so.
   */
  readonly stored?: { readonly [path: string]: StoredCodec };
  /**
   * What is personal in the newest shape, by its paths, written as those of `stored`: `["email", "lines[].note", "contacts{}.phone"]`. The studio and the
   * MCP server mask it. Nothing else does: it is stored, read and exported as everything else.
   *
   * @defaultValue nothing
   */
  readonly personal?: readonly string[];
  /** Data as it may be appended. The schema has to accept them; documentation and checks use them. */
  readonly examples?: readonly SchemaInput<Schema>[];
  /** Other types that steps turn an event of this type into. */
  readonly becomes?: readonly string[];
}
