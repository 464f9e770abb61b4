import type { AppendOptions, AppendResult, AppendToStreamsOptions, ConditionalAppendOptions, StreamAppend } from "../append/types.ts";
import type { Event, NewEvent } from "../model/event.ts";
import type { ScheduledTimer, ScheduleOptions, Timers } from "../timers/timer.ts";

/** The calls that append events, now or once they are due. */
export interface AppendingCalls<Input extends Event = Event> {
  /**
   * Appends events to the end of one stream: all of them or none.
   *
   * They get the versions `v + 1 … v + n`, where `v` is the stream's version before (0 if new), and positions that rise in the same
   * order. Concurrent calls share a transaction, and each gets its own result. Without events, only the expectation is checked.
   *
   * Event ids are looked up before the expectation: the same ids with the same type, data and tags in the same stream return the first
   * result, so you may repeat a call. Metadata is not compared. With a catalogue, the stored form is: after a change of the catalogue that
   * stores the same data otherwise, a repetition has other content.
   *
   * With a catalogue, all events are checked before anything is sent, and what the schemas return is stored.
   *
   * @param streamId - 1–512 bytes of UTF-8 without control characters. The first append creates the stream.
   * @param events - At most 10,000; each at most `limits.eventBytes` of JSON (1 MiB by default).
   * @throws {@link VersionConflictError} — the stream is not at `expectedVersion`. Nothing was written.
   * @throws {@link DuplicateEventError} — an id exists with other content, in another stream, or as a part of these.
   * @throws {@link InvalidArgumentError}, {@link EventTooLargeError} — rejected before anything was sent.
   * @throws {@link UnknownEventTypeError}, {@link EventValidationError} — the catalogue does not have the type, or its schema refuses the
   *   data. Nothing was sent.
   * @throws {@link QueueFullError} — `limits.queuedAppends` appends are waiting.
   * @throws {@link OutcomeUnknownError} — the database did not say whether it committed: repeat the append with the ids in `eventIds`.
   * @throws {@link ConnectionError}, {@link PoolTimeoutError} — nothing was sent.
   * @throws {@link SequenceBehindError} — the sequence of positions is behind the log, for example after a restore of the data alone.
   *   Nothing was written.
   * @throws {@link DatabaseError} — PostgreSQL rejected it, or another transaction held the stream for too long. Nothing was written.
   * @see SQL: `schema/functions/append-many.sql`
   */
  appendToStream<E extends Input = Input>(streamId: string, events: readonly NoInfer<NewEvent<E>>[], options?: AppendOptions): Promise<AppendResult>;

  /**
   * Appends to several streams, all or nothing, each with its own expectation. An entry without events only checks its stream. Results
   * come in the order of `appends`. A conflict lists every conflicting stream. Throws the errors of `appendToStream`.
   *
   * @param appends - At least one; a stream at most once; at most 10,000 events together.
   */
  appendToStreams<E extends Input = Input>(appends: readonly NoInfer<StreamAppend<E>>[], options?: AppendToStreamsOptions): Promise<readonly AppendResult[]>;

  /**
   * Appends tagged events if `condition` holds: no event after its boundary matches its query. Without `streamId`, they go to the
   * stream named after the first event's first tag, with `-` for `:` (`course:c1` → `course-c1`).
   *
   * Two appends that could each fail the other's condition never both succeed, in any processes. An append waits only for open ones
   * that share a tag with its query (for an alternative without tags, a type; without both, the tenant), and fails only on events that
   * match. Throws the errors of `appendToStream`, and:
   *
   * @param events - At most 10,000. Without events only the condition is checked; `streamId` is needed then.
   * @throws {@link ConditionFailedError} — there is a matching event after the boundary. Nothing was written.
   * @throws {@link DatabaseError} — with `sqlState` TM001: conditions need READ COMMITTED, in your own transaction too.
   * @see SQL: `schema/functions/take-claims.sql` · why: `docs/design/conditions.md`
   */
  append<E extends Input = Input>(events: readonly NoInfer<NewEvent<E>>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult>;

  /**
   * Appends an event once it is due, by the database's clock: sets a timer. A worker appends it, exactly once, across restarts and failovers,
   * and never before it is due; after an outage, at once and in order of due times. The event is checked now, as an append checks it, and its
   * `metadata.timer` gets `{ key, dueAt }`. It expects nothing of the stream.
   *
   * The same key replaces: the event, the due time, and whatever failed before. A recurring timer keeps its due time if pattern and time zone
   * stay the same, so that you may set it at every start of your application. A timer that has fired is gone, and its key is free.
   *
   * Where the answer of the database is lost, repeat the call: the key is the same. A worker of this tenant has to run for it to fire.
   *
   * @param streamId - The stream that the event is appended to.
   * @param options - `key`, and one of `at`, `in` and `cron`.
   * @throws {@link InvalidArgumentError}, {@link EventTooLargeError}, {@link UnknownEventTypeError}, {@link EventValidationError} — rejected
   *   before anything was sent.
   * @throws {@link ConnectionError}, {@link PoolTimeoutError}, {@link DatabaseError}
   * @see SQL: `schema/functions/set-timers.sql` · why: `docs/design/timers.md`
   */
  schedule<E extends Input = Input>(streamId: string, event: NoInfer<NewEvent<E>>, options: ScheduleOptions): Promise<ScheduledTimer>;

  /** The timers that `schedule` set: list and cancel them. */
  readonly timers: Timers;
}
