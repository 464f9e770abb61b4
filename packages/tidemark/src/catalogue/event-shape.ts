import type { EventStep } from "./definition.ts";
import type { RetiredStep } from "./retired.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { StoredForm } from "./stored-form.ts";

/** A definition, checked: everything that a catalogue knows of one type that is written today. */
export interface EventShape {
  readonly type: string;
  /** Its place among the definitions. */
  readonly ordinal: number;
  /** The newest version. */
  readonly version: number;
  readonly schema: StandardSchema;
  /** False for `event<Data>()`. */
  readonly checks: boolean;
  readonly description: string | undefined;
  /** By the version from which each leads; complete below `version`. */
  readonly upcast: ReadonlyMap<number, EventStep>;
  /** By the version from which each leads; without a gap below `version`. */
  readonly downcast: ReadonlyMap<number, EventStep>;
  /** Undefined: what is stored is what is in memory. */
  readonly stored: StoredForm | undefined;
  /** Paths of its data, with `*` for each item or value: `lines.*.note`. */
  readonly personal: readonly string[];
  readonly examples: readonly unknown[];
  /** The types that its steps may make, its own included. */
  readonly becomes: ReadonlySet<string>;
}

/** What a catalogue knows of a type that is not written any more. */
export interface RetiredShape {
  readonly type: string;
  readonly step: RetiredStep;
  /** The types that its step may make. Undefined: any. */
  readonly becomes: ReadonlySet<string> | undefined;
}
