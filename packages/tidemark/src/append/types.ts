import type { CallOptions } from "../model/calls.ts";
import type { Boundary, BoundaryQuery, Event, ExpectedVersion, NewEvent, RecordedEvent } from "../model/event.ts";

/**
 * What an append did.
 *
 * @example
 * ```ts
 * const { version, position, created }: AppendResult = await store.appendToStream("cart-result", [itemAdded]);
 * ```
 */
export interface AppendResult {
  readonly streamId: string;
  /** The version of the stream's last event, even if no events were given; 0 if the stream has none. */
  readonly version: number;
  /** The position of the stream's last event; 0 if it has none. */
  readonly position: number;
  /** Whether this append created the stream. */
  readonly created: boolean;
}

/**
 * One stream's part of `appendToStreams`.
 *
 * @example
 * ```ts
 * const parts: StreamAppend[] = [
 *   { streamId: "account-1", events: [{ type: "Withdrawn", data: { amount: 10 } }], expectedVersion: 0 },
 *   { streamId: "account-2", events: [{ type: "Deposited", data: { amount: 10 } }] },
 * ];
 * await store.appendToStreams(parts);
 * ```
 */
export interface StreamAppend<E extends Event = Event> {
  readonly streamId: string;
  /** May be empty; then only the stream's version is checked. At most 10,000 over all entries of an append. */
  readonly events: readonly NewEvent<E>[];
  /** @defaultValue "any" */
  readonly expectedVersion?: ExpectedVersion;
}

/**
 * Options of `appendToStream`.
 *
 * @example
 * ```ts
 * const options: AppendOptions = { expectedVersion: "no-stream", signal: AbortSignal.timeout(5_000) };
 * await store.appendToStream("cart-options", [itemAdded], options);
 * ```
 */
export interface AppendOptions {
  /** @defaultValue "any" */
  readonly expectedVersion?: ExpectedVersion;
  /** Aborts the call. It rejects with `signal.reason` if nothing was written, otherwise with its outcome. */
  readonly signal?: AbortSignal;
  /**
   * Called with the events as they are stored, in the order of their positions, once this append has written them, and before the call
   * resolves; inside a transaction before its commit. Not called if nothing was written: the events were there already, or there are none. Nor is it
   * called if the catalogue cannot read back what it accepted: readers of the event meet the error. The append has succeeded whatever the function does: what it throws becomes an uncaught exception.
   */
  readonly onRecorded?: (events: readonly RecordedEvent[]) => void;
}

/**
 * Options of `appendToStreams`; expectations stand in its parts.
 *
 * @example
 * ```ts
 * const options: AppendToStreamsOptions = { onRecorded: (events) => console.log(events.map(({ position }) => position)) };
 * await store.appendToStreams([{ streamId: "cart-parts", events: [itemAdded] }], options);
 * ```
 */
export interface AppendToStreamsOptions extends CallOptions, Pick<AppendOptions, "onRecorded"> {}

/**
 * Options of `append`.
 *
 * @example
 * ```ts
 * const options: ConditionalAppendOptions = {
 *   condition: { query: [{ types: ["SeatTaken"], tags: ["seat:12"] }] }, // nobody took this seat
 * };
 * await store.append([{ type: "SeatTaken", data: {}, tags: ["seat:12"] }], options);
 * ```
 */
export interface ConditionalAppendOptions<E extends Event = Event> extends Pick<AppendOptions, "onRecorded"> {
  /** Required if that event has no tag. @defaultValue the first event's first tag with `-` for `:` (`course:c1` → `course-c1`) */
  readonly streamId?: string;
  /**
   * The append is written only if no event after `after` matches `query`. `after` is the boundary that `readBoundary` returned for the
   * same query; the events it returned are allowed. Or it is a position, exclusive.
   * @defaultValue 0: no such event may exist at all
   */
  readonly condition?: { readonly query: BoundaryQuery<E>; readonly after?: number | Boundary };
  /** Aborts the call. It rejects with `signal.reason` if nothing was written, otherwise with its outcome. */
  readonly signal?: AbortSignal;
}
