import { AsyncLocalStorage } from "node:async_hooks";
import { isRecord } from "../arguments/options.ts";
import { isPromise } from "../arguments/promise.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { StreamAppend } from "../append/types.ts";
import type { Event, EventMetadata, NewEvent, RecordedEvent } from "../model/event.ts";

/**
 * Metadata for every appended event, or a function (an enricher) that makes it for one event. The function runs once for each event
 * and append, and must be synchronous. An error it throws fails the append before anything is sent.
 *
 * @example
 * ```ts
 * const traced: MetadataSource = (event) => ({ source: `shop/${event.type}` });
 * const tracing = store.withMetadata(traced);
 * ```
 */
export type MetadataSource = EventMetadata | ((event: NewEvent) => EventMetadata | undefined);

/** The innermost scope comes first. */
const scope = new AsyncLocalStorage<readonly MetadataSource[]>();

/**
 * Runs `work`. All events that `work` appends, through any store and any code that it calls or awaits, get this metadata: correlation,
 * causation, actor, trace, and any key of your own. Scopes nest. Keys that an event has keep their values; an inner scope wins over an
 * outer one, and any scope over `store.withMetadata`.
 *
 * @returns The result of `work`.
 * @throws {@link InvalidArgumentError} — `metadata` is neither a plain object nor a function.
 *
 * @example
 * ```ts
 * await withMetadata({ correlationId: "request-7", actorId: "ada" }, () => store.appendToStream("cart-stamped", [itemAdded]));
 * ```
 */
export function withMetadata<T>(metadata: MetadataSource, work: () => T): T {
  return scope.run([checkMetadataSource(metadata, "metadata"), ...(scope.getStore() ?? [])], work);
}

/**
 * Returns the metadata for what this event causes: its id as `causationId`, and its `correlationId`, or its id if it has none and so
 * starts a chain. Use it when you react to events: `withMetadata(causedBy(event), () => …)`.
 *
 * @example
 * ```ts
 * const [placed] = await store.readStream("cart-42").toArray();
 * if (placed) await withMetadata(causedBy(placed), () => store.appendToStream("invoice-1", [{ type: "InvoiceSent", data: {} }]));
 * ```
 */
export function causedBy(event: RecordedEvent): { readonly correlationId: string; readonly causationId: string } {
  return { correlationId: event.metadata.correlationId ?? event.id, causationId: event.id };
}

/** Metadata, or an enricher. A Map or a Date spreads to nothing, so that it would be lost in silence. */
export function checkMetadataSource(value: unknown, path: string): MetadataSource {
  if (isEnricher(value) || isPlain(value)) return value;
  throw new InvalidArgumentError(path, `must be a plain object such as { correlationId: "…" }, or a function that returns one, not ${describeValue(value)}`);
}

/** Metadata as a plain object. */
export function checkMetadata(value: unknown, path: string): EventMetadata {
  if (isPlain(value)) return value;
  throw new InvalidArgumentError(path, `must be a plain object such as { correlationId: "…" }, not ${describeValue(value)}`);
}

/** The events with the metadata of the scopes around this call and then of `sources`. What is not an event stays as it is, to be refused. */
export function stampEvents<E extends Event>(events: readonly NewEvent<E>[], sources: readonly MetadataSource[]): readonly NewEvent<E>[] {
  const scoped = scope.getStore();
  if ((scoped === undefined && sources.length === 0) || !Array.isArray(events)) return events;
  const all = [...(scoped ?? []), ...sources];
  return events.map((event) => stampEvent(event, all));
}

/** The same for the parts of `appendToStreams`. */
export function stampAppends<E extends Event>(appends: readonly StreamAppend<E>[], sources: readonly MetadataSource[]): readonly StreamAppend<E>[] {
  if (!Array.isArray(appends) || (sources.length === 0 && scope.getStore() === undefined)) return appends;
  return appends.map((part) => (part instanceof Object ? { ...part, events: stampEvents(part.events, sources) } : part));
}

/** The event with the metadata of these sources: of two with the same key the earlier one's, and before all the event's own. */
export function stampEvent<E extends Event>(event: NewEvent<E>, sources: readonly MetadataSource[]): NewEvent<E> {
  if (!isRecord(event) || !(event.metadata === undefined || isPlain(event.metadata))) return event;
  const metadata = sources.reduce<EventMetadata>((merged, source) => {
    const more = typeof source === "function" ? checkEnriched(source(event), event) : source;
    return more === undefined ? merged : { ...more, ...merged };
  }, given(event.metadata));
  // Type and data by name: they may be getters of a class, which a spread does not see.
  return { ...event, type: event.type, data: event.data, metadata };
}

/** What an enricher returned. It spreads to nothing where it is a Map or a promise, so that it would be lost in silence. */
function checkEnriched(result: EventMetadata | undefined, { type }: NewEvent): EventMetadata | undefined {
  if (result === undefined || isPlain(result)) return result;
  const returned = isPromise(result) ? "a promise" : describeValue(result);
  throw new InvalidArgumentError(
    "metadata",
    `is a function that returned ${returned} for an event of the type ${describeValue(type)}; it must return a plain object such as { traceparent: "…" }, or undefined, synchronously`,
  );
}

/** Without keys that are undefined: those are not given, and must not hide what a scope has. */
function given(metadata: EventMetadata | undefined): EventMetadata {
  return metadata === undefined ? {} : Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));
}

function isPlain(value: unknown): value is EventMetadata {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isEnricher(value: unknown): value is (event: NewEvent) => EventMetadata | undefined {
  return typeof value === "function";
}
