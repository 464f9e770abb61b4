import { checkFunction, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkConsumerName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkReaderVersions } from "../arguments/reader-versions.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { MatchingEvents } from "../model/narrowed-query.ts";
import type { NoOlderShapes, OlderEvents } from "../model/reader-shapes.ts";
import { checkDefinitionEvents, checkDefinitionTypes } from "../catalogue/definition-events.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import { checkRetryPolicy } from "../arguments/retry-policy.ts";
import { checkStartFrom } from "../arguments/start-from.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event, EventQuery, RecordedEvent } from "../model/event.ts";
import { checkFilter, checkQuery, logBoundsShape, queryWithin, type ValidQueryItem } from "../read/filter.ts";
import type { Consumer, ConsumerContext, ConsumerDefinition, ConsumerHandler, FailureAction, OnFailure } from "./consumer.ts";
import type { RetryPolicy } from "../runtime/retry-policy.ts";

/** A consumer whose definition was checked, with every default filled in. */
export class DefinedConsumer implements Consumer {
  readonly kind = "consumer" as const;
  readonly name: string;
  readonly settings: ConsumerSettings;

  constructor(name: string, settings: ConsumerSettings) {
    this.name = name;
    this.settings = settings;
    Object.freeze(this);
  }
}

export interface ConsumerSettings {
  readonly filter: EventQuery | undefined;
  /** The same, checked. */
  readonly items: readonly ValidQueryItem[] | undefined;
  readonly as: ReaderVersions | undefined;
  readonly events: EventCatalogue | undefined;
  /** Undefined: the end. */
  readonly startAfter: number | undefined;
  readonly tenants: "own" | "all";
  readonly shards: number;
  readonly batchSize: number;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly onFailure: OnFailure;
  readonly circuitBreaker: { readonly failures: number; readonly resetMs: number } | undefined;
  /** By one call, one event or several. */
  readonly handle: (events: readonly RecordedEvent[], context: ConsumerContext) => Promise<void> | void;
  /** Whether `handle` takes several. */
  readonly inBatches: boolean;
}

const words = oneOf("dead-letter", "stop", "skip");

const shape = {
  name: checkConsumerName,
  events: checkDefinitionEvents,
  filter: checkQuery,
  ...logBoundsShape,
  as: checkReaderVersions,
  startFrom: checkStartFrom,
  tenants: oneOf("own", "all"),
  shards: wholeNumber(1, 256),
  batchSize: wholeNumber(1, 10_000),
  timeoutMs: wholeNumber(1, 2_147_483_647),
  retry: checkRetryPolicy,
  onFailure: (value: unknown, path: string): FailureAction | OnFailure =>
    typeof value === "function" ? checkFunction<OnFailure>(value, path) : words(value, path),
  circuitBreaker: (value: unknown, path: string) =>
    value === false ? false : checkOptions(value, { failures: wholeNumber(1), resetMs: wholeNumber(1, 2_147_483_647) }, path),
  handle: checkFunction<(event: RecordedEvent, context: ConsumerContext) => Promise<void> | void>,
  handleBatch: checkFunction<(events: readonly RecordedEvent[], context: ConsumerContext) => Promise<void> | void>,
} as const;

/**
 * Defines a consumer: a named, durable reader, which a worker runs from its checkpoint on.
 *
 * @throws {@link InvalidArgumentError} — a part of the definition is invalid.
 *
 * @example
 * ```ts
 * const mailer = defineConsumer<CartEvent>({
 *   name: "mailer",
 *   filter: { types: ["CartConfirmed"] },
 *   handle: async (event) => sendMail(`confirmed: ${event.streamId}`),
 * });
 * const worker = store.createWorker({ consumers: [mailer] });
 * await worker.start();
 * await worker.caughtUp();
 * await worker.stop();
 * ```
 */
export function defineConsumer<E extends Event, const Filter extends EventQuery<E> = EventQuery<E>, const As extends ReaderVersions = NoOlderShapes>(
  definition: ConsumerDefinition<E, Filter, As> & { readonly events: EventCatalogue<E, Event> } & ConsumerHandler<OlderEvents<MatchingEvents<E, Filter>, As>>,
): Consumer;
export function defineConsumer<E extends Event = Event>(definition: ConsumerDefinition<E> & { readonly as?: ReaderVersions } & ConsumerHandler<E>): Consumer;
export function defineConsumer(definition: ConsumerDefinition & ConsumerHandler<Event>): Consumer {
  if (definition === undefined) throw new InvalidArgumentError("definition", "is missing");
  const checked = checkOptions(definition, shape, "definition");
  const { name, handle, handleBatch, startFrom = 0, onFailure = "dead-letter", circuitBreaker } = checked;
  if (name === undefined) throw new InvalidArgumentError("definition.name", "is missing");
  if ((handle === undefined) === (handleBatch === undefined))
    throw new InvalidArgumentError("definition", `of ${JSON.stringify(name)} needs one of handle and handleBatch${handle ? ", not both" : ""}`);
  const filter = queryWithin(checked.filter, checked);
  const items = filter && checkFilter(filter, "definition.filter");
  checkDefinitionTypes(checked.events, items?.flatMap(({ types = [] }) => types) ?? [], "definition.filter");
  return new DefinedConsumer(name, {
    filter,
    items,
    events: checked.events,
    as: checked.as,
    startAfter: startFrom === "end" ? undefined : startFrom,
    tenants: checked.tenants ?? "own",
    shards: checked.shards ?? 1,
    batchSize: checked.batchSize ?? 1_000,
    timeoutMs: checked.timeoutMs ?? 30_000,
    retry: { ...retryDefaults, ...checked.retry },
    onFailure: typeof onFailure === "function" ? onFailure : () => onFailure,
    circuitBreaker: circuitBreaker === false ? undefined : { failures: 5, resetMs: 30_000, ...circuitBreaker },
    handle: handleBatch ? (events, context) => handleBatch(events, context) : eachOf(handle ?? (() => {})),
    inBatches: handleBatch !== undefined,
  });
}

const retryDefaults: RetryPolicy = { attempts: 5, minDelayMs: 100, maxDelayMs: 30_000, factor: 2, jitter: true };

function eachOf(handle: (event: RecordedEvent, context: ConsumerContext) => Promise<void> | void): ConsumerSettings["handle"] {
  return ([event], context) => (event === undefined ? undefined : handle(event, context));
}
