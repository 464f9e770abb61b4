import { checkOptions } from "../arguments/options.ts";
import { createCodec } from "../catalogue/create-codec.ts";
import { checkDefinitionEvents } from "../catalogue/definition-events.ts";
import { type EventCodec, plainEvents } from "../catalogue/event-codec.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";

/**
 * Options of `scenario`.
 *
 * @example
 * ```ts
 * const options: ScenarioOptions = { events: defineEvents({ ItemAdded: event<{ sku: string }>() }) };
 * ```
 */
export interface ScenarioOptions {
  /**
   * The catalogue of the events: given events and those that the command leads to are checked and stored by it, and read back in their
   * newest shape. @defaultValue that of the decider's or the projection's definition
   */
  readonly events?: EventCatalogue;
}

/** How the events of a scenario are stored and read. */
export interface ScenarioEvents {
  readonly codec: EventCodec;
  /** Undefined: data is taken for what the compiler says it is. */
  readonly catalogue: EventCatalogue | undefined;
}

const shape = { events: checkDefinitionEvents };

/** @param own - The catalogue of the definition. */
export function scenarioEvents(options: ScenarioOptions | undefined, own: EventCatalogue | undefined): ScenarioEvents {
  const catalogue = checkOptions(options, shape).events ?? own;
  return { codec: catalogue ? createCodec(catalogue) : plainEvents, catalogue };
}
