import { checkFunction, listOf, oneOf, wholeNumber } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkEventType, checkRelayName } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { checkRetryPolicy } from "../arguments/retry-policy.ts";
import { checkStartFrom } from "../arguments/start-from.ts";
import { checkDefinitionEvents, checkDefinitionTypes } from "../catalogue/definition-events.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import { checkFilter, checkQuery, logBoundsShape, queryWithin } from "../read/filter.ts";
import { DefinedRelay } from "./defined-relay.ts";
import { eventsSource } from "./events-source.ts";
import { outboxSource } from "./outbox-source.ts";
import type { Relay, RelayDefinition, RelayMap } from "./relay.ts";
import type { Sink } from "./sink.ts";

const shape = {
  source: oneOf("events", "outbox"),
  topics: listOf(checkEventType, "leave it out to publish every topic"),
  keepMs: wholeNumber(1_000, 315_619_200_000),
  name: checkRelayName,
  events: checkDefinitionEvents,
  filter: checkQuery,
  ...logBoundsShape,
  startFrom: checkStartFrom,
  tenants: oneOf("own", "all"),
  to: checkSink,
  map: checkFunction<RelayMap>,
  key: checkFunction<(event: RecordedEvent) => string>,
  shards: wholeNumber(1, 256),
  batchSize: wholeNumber(1, 10_000),
  inFlight: wholeNumber(1, 10_000),
  ackTimeoutMs: wholeNumber(1, 2_147_483_647),
  mapTimeoutMs: wholeNumber(1, 2_147_483_647),
  retry: checkRetryPolicy,
  circuitBreaker: (value: unknown, path: string) => (value === false ? false : wholeNumber(1, 1_000_000)(value, path)),
} as const;

const sources = { events: eventsSource, outbox: outboxSource };
const weekMs = 7 * 24 * 60 * 60 * 1_000;
const retryDefaults = { attempts: 5, minDelayMs: 100, maxDelayMs: 30_000, factor: 2, jitter: true };

/**
 * Defines a relay: a worker publishes events from its checkpoint on, to a broker or to webhooks. The log is the outbox: an event is
 * published if and only if its append was committed. With `source: "outbox"` it publishes messages that are no events, of `tx.publish`.
 *
 * Each message is published at least once, in order for each key. The checkpoint moves once the broker has acknowledged. A crash or an outage
 * can publish messages again, with the same id. While the broker is down, the relay holds in bounded memory, and goes on by itself. A message that is refused
 * becomes a dead letter, and later messages of its key wait behind it.
 *
 * @throws {@link InvalidArgumentError} — a part of the definition is invalid.
 *
 * @example
 * ```ts
 * const published: OutgoingMessage[] = [];
 * const out = defineRelay<CartEvent>({
 *   name: "confirmed-carts",
 *   filter: { types: ["CartConfirmed"] },
 *   to: { name: "memory", publish: async (message) => void published.push(message), close: async () => {} },
 * });
 * const worker = store.createWorker({ relays: [out] });
 * await worker.start();
 * await worker.caughtUp();
 * await worker.stop();
 * ```
 */
export function defineRelay<E extends Event = Event>(definition: RelayDefinition<E>): Relay;
export function defineRelay(definition: RelayDefinition): Relay {
  if (definition === undefined) throw new InvalidArgumentError("definition", "is missing");
  const checked = checkOptions(definition, shape, "definition");
  const { name, to, startFrom = 0, circuitBreaker = 5 } = checked;
  if (name === undefined) throw new InvalidArgumentError("definition.name", "is missing");
  if (to === undefined) throw new InvalidArgumentError("definition.to", "is missing: the sink to publish to");
  const source = sources[checked.source ?? "events"];
  const foreign = source.refuses.options.find((option) => checked[option] !== undefined);
  if (foreign) throw new InvalidArgumentError(`definition.${foreign}`, source.refuses.because);
  const { topics } = checked;
  const filter = topics ? { types: topics } : queryWithin(checked.filter, checked);
  const items = filter && checkFilter(filter, "definition.filter");
  checkDefinitionTypes(checked.events, items?.flatMap(({ types = [] }) => types) ?? [], "definition.filter");
  return new DefinedRelay(name, {
    source,
    keepMs: checked.keepMs ?? weekMs,
    filter,
    items,
    events: checked.events,
    startAfter: startFrom === "end" ? undefined : startFrom,
    tenants: checked.tenants ?? "own",
    sink: to,
    map: checked.map ?? source.map,
    key: checked.key ?? to.key ?? (({ streamId }) => streamId),
    shards: checked.shards ?? 1,
    batchSize: checked.batchSize ?? 500,
    inFlight: checked.inFlight ?? 500,
    ackTimeoutMs: checked.ackTimeoutMs ?? 30_000,
    mapTimeoutMs: checked.mapTimeoutMs ?? 30_000,
    retry: { ...retryDefaults, ...checked.retry },
    mostRefused: circuitBreaker === false ? undefined : circuitBreaker,
  });
}

function checkSink(value: unknown, path: string): Sink {
  const looksRight = isRecord(value) && typeof value["name"] === "string" && typeof value["publish"] === "function" && typeof value["close"] === "function";
  if (!looksRight) throw new InvalidArgumentError(path, `must be a sink, such as rabbitmq({ url }), not ${describeValue(value)}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as far as can be seen
  return value as unknown as Sink;
}
