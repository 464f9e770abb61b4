import { quoteText } from "../arguments/describe-value.ts";
import { checkSignal } from "../arguments/checks.ts";
import { checkStreamId } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import type { CallOptions } from "../model/calls.ts";
import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { categoryOf, type Event, type RecordedEvent } from "../model/event.ts";
import { decodeEvent, eventsOfRow } from "./decode.ts";
import { checkedFold } from "./evolve.ts";
import { earliestMs } from "./filter.ts";
import type { FirstPageRequest, FirstPages } from "./first-pages.ts";
import { checkFold, checkReadStreamOptions, type FoldedStream, type ReadStreamOptions, type StreamFold } from "./options.ts";
import { readAhead } from "./pages.ts";
import { RangePages } from "./range-pages.ts";
import type { ReaderStatements } from "./reader-statements.ts";
import { createSequence } from "./sequence.ts";
import { type SnapshotPage, snapshotPage } from "./snapshot-page.ts";
import type { SnapshotIdentity } from "./stored-snapshot.ts";
import { streamInfoOf } from "./streams.ts";
import type { EventSequence, StreamInfo } from "./types.ts";
import type { TracePages } from "./trace-pages.ts";

export interface StreamReaderOptions {
  readonly statements: ReaderStatements;
  readonly codec: EventCodec;
  readonly tenant: string;
  readonly firstPages: FirstPages;
  /** Whether plain readings begin with `firstPages` too: it then shares statements with other readings. */
  readonly sharesFirstPages: boolean;
  readonly tracePages: TracePages;
}

/** Checked options of a reading. */
export type StreamReading = { readonly [Option in keyof ReadStreamOptions]: ReadStreamOptions[Option] | undefined };

/** Reads single streams of one tenant. */
export class StreamReader {
  readonly #statements: ReaderStatements;
  readonly #codec: EventCodec;
  readonly #tenant: string;
  readonly #firstPages: FirstPages;
  readonly #sharesFirstPages: boolean;
  readonly #tracePages: TracePages;

  constructor({ statements, codec, tenant, firstPages, sharesFirstPages, tracePages }: StreamReaderOptions) {
    this.#statements = statements;
    this.#codec = codec;
    this.#tenant = tenant;
    this.#firstPages = firstPages;
    this.#sharesFirstPages = sharesFirstPages;
    this.#tracePages = tracePages;
  }

  readStream<E extends Event = Event>(streamId: string, options?: ReadStreamOptions): EventSequence<E> {
    const checked = checkReadStreamOptions(options);
    const open = this.#streamPages<E>(checkStreamId(streamId, "streamId"), checked);
    return createSequence(() => this.#tracePages(open(), { operation: "readStream", streamId }), checked.signal);
  }

  async aggregateStream<State, E extends Event = Event>(streamId: string, fold: StreamFold<State, RecordedEvent<E>>): Promise<FoldedStream<State>> {
    const { initialState, evolve, from, ...bounds } = checkFold(fold);
    const folding = checkedFold({ initialState, evolve }, "fold");
    // With the last event in the given state, which must be there: a state ahead of its stream is of another stream, or of lost events.
    const pages = this.#streamPages<E>(checkStreamId(streamId, "streamId"), { ...bounds, fromVersion: from?.version ?? 0 }, from?.version)();
    let state = from ? from.state : folding.initialState();
    for await (const events of readAhead(pages, bounds.signal)) {
      for (const event of events) state = folding.evolve(state, event);
    }
    if (from && from.version > 0 && versionOf(pages.firstRow) !== from.version) throw aheadOfStream(streamId, from.version, bounds.asOf);
    // Of what is stored: an event of which the catalogue makes none stands in the stream all the same.
    const version = versionOf(pages.lastRow);
    return { state, version, exists: version > 0 };
  }

  async streamInfo(streamId: string, options?: CallOptions): Promise<StreamInfo> {
    const checked = checkStreamId(streamId, "streamId");
    const { signal } = checkOptions(options, { signal: checkSignal });
    const [row] = await this.#statements.rows(this.#statements.current.streamInfo, [this.#tenant, checked], signal);
    return streamInfoOf(checked, row);
  }

  /** One reading of a stream: its events as they are today, and the places of what is stored. Checks nothing. */
  streamPages<E extends Event>(streamId: string, options: StreamReading): RangePages<RecordedEvent<E>> {
    return this.#streamPages<E>(streamId, options)();
  }

  /** @param folded - The version of an event that has to be there and is not wanted: it is not decoded, which may fail by now. */
  #streamPages<E extends Event>(streamId: string, options: StreamReading, folded = 0): () => RangePages<RecordedEvent<E>> {
    const { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER, direction, limit = Number.POSITIVE_INFINITY, asOf, signal, as, raw } = options;
    const decoder = this.#codec.decoder({ as, raw });
    const backward = direction === "backward";
    const values = asOf ? [Math.max(asOf.getTime(), earliestMs)] : [];
    const category = categoryOf(streamId);
    const decode = eventsOfRow<E>(decoder, (row) => decodeEvent(row, this.#tenant, streamId, category));
    return () =>
      new RangePages({
        backward,
        limit,
        signal,
        windowed: false,
        limits: this.#statements.limits,
        bounds: () => ({ after: Math.max(0, fromVersion - 1), until: toVersion }),
        fetch: (range, rows) =>
          this.#sharesFirstPages && !backward && !asOf && rows <= this.#statements.limits.firstRows
            ? this.#firstPage({ tenant: this.#tenant, streamId, ...range, rows }, signal)
            : this.#statements.rows(
                this.#statements.current.streamPage(backward, rows <= this.#statements.limits.firstRows, asOf !== undefined),
                [this.#tenant, streamId, range.after, range.until, rows, ...values],
                signal,
              ),
        decode: folded === 0 ? decode : (row, into) => (versionOf(row) === folded ? undefined : decode(row, into)),
        key: versionOf,
      });
  }

  /** A stream's first events behind its snapshot, where it has one, by one statement. */
  async readFromSnapshot<E extends Event = Event>(streamId: string, name: SnapshotIdentity, signal: AbortSignal | undefined): Promise<SnapshotPage<E>> {
    const rows = this.#statements.limits.firstRows;
    const request = {
      tenant: this.#tenant,
      streamId,
      after: 0,
      until: Number.MAX_SAFE_INTEGER,
      rows,
      snapshot: { ...name, catalogue: this.#codec.fingerprint },
    };
    const found = await this.#firstPage(request, signal);
    const category = categoryOf(streamId);
    const decode = eventsOfRow<E>(this.#codec.decoder(), (row) => decodeEvent(row, this.#tenant, streamId, category));
    return snapshotPage(found, rows, decode);
  }

  async #firstPage(request: FirstPageRequest, signal: AbortSignal | undefined): Promise<readonly TextRow[]> {
    return this.#statements.saw(await this.#firstPages.read(request, signal));
  }
}

/** 0 where there is no row. */
function versionOf(row: TextRow | undefined): number {
  return row ? toSafeInteger(row["version"]) : 0;
}

function aheadOfStream(streamId: string, version: number, asOf: Date | undefined): InvalidArgumentError {
  const until = asOf ? ` at ${asOf.toISOString()}` : "";
  return new InvalidArgumentError(
    "fold.from.version",
    `is ${version}, but stream ${quoteText(streamId)} has no event of this version${until}; the state is of another stream, or newer than what is to be read`,
  );
}
