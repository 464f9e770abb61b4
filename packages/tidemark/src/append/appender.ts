import { orAborted } from "../async/or-aborted.ts";
import { decodedParts, type EventCodec } from "../catalogue/event-codec.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { Event, NewEvent, RecordedEvent } from "../model/event.ts";
import { type EncodedCondition, widenCondition } from "./condition.ts";
import { defaultStreamFor } from "./default-stream.ts";
import { encodeAppend, type PartPath, pathInAppends, pathInArguments } from "./encode.ts";
import type { EncodedAppend } from "./encoded.ts";
import { checkAppendOptions, checkAppendToStreamsOptions, checkConditionalAppendOptions } from "./options.ts";
import type { EncodeSettings } from "./append-totals.ts";
import { type ShapedAppends, shapeAppends } from "./shape-appends.ts";
import type { AppendOptions, AppendResult, AppendToStreamsOptions, ConditionalAppendOptions, StreamAppend } from "./types.ts";

/**
 * Writes an append that was checked: through the group, or into a transaction of the caller's. A promise of one, where a schema is still
 * looking at its events: the transaction waits for that, too.
 */
export type Submit = (append: EncodedAppend | Promise<EncodedAppend>, signal: AbortSignal | undefined) => Promise<readonly AppendResult[]>;

interface Extras extends Pick<EncodedAppend, "onRecorded"> {
  readonly signal?: AbortSignal | undefined;
  readonly condition?: EncodedCondition | undefined;
}

/** What the appends of one tenant's store have in common. */
export interface AppenderContext {
  readonly tenant: string;
  readonly settings: EncodeSettings;
  readonly codec: EventCodec;
  readonly submit: Submit;
}

/** The three ways to append, for one tenant: they check what the caller gave and differ in its shape alone. */
export class Appender {
  readonly #tenant: string;
  readonly #settings: EncodeSettings;
  readonly #codec: EventCodec;
  readonly #submit: Submit;

  constructor({ tenant, settings, codec, submit }: AppenderContext) {
    this.#tenant = tenant;
    this.#settings = settings;
    this.#codec = codec;
    this.#submit = submit;
  }

  async appendToStream<E extends Event>(streamId: string, events: readonly NewEvent<E>[], options?: AppendOptions): Promise<AppendResult> {
    const { expectedVersion, ...extras } = checkAppendOptions(options);
    return this.#one({ streamId, events, ...(expectedVersion !== undefined && { expectedVersion }) }, extras);
  }

  async appendToStreams<E extends Event>(appends: readonly StreamAppend<E>[], options?: AppendToStreamsOptions): Promise<readonly AppendResult[]> {
    return this.#send(appends, pathInAppends, checkAppendToStreamsOptions(options));
  }

  async append<E extends Event>(events: readonly NewEvent<E>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult> {
    const { streamId, condition, ...extras } = checkConditionalAppendOptions(options);
    const stored = condition && this.#codec.encode ? widenCondition(condition, this.#codec, "options.condition") : condition;
    return this.#one({ streamId: streamId ?? defaultStreamFor(events), events }, { ...extras, condition: stored });
  }

  async #one(append: StreamAppend, extras: Extras): Promise<AppendResult> {
    const [result] = await this.#send([append], pathInArguments, extras);
    if (!result) throw new TypeError("an append to one stream has one result");
    return result;
  }

  #send(appends: readonly StreamAppend[], pathTo: PartPath, { signal, condition, onRecorded }: Extras): Promise<readonly AppendResult[]> {
    const { encode } = this.#codec;
    const finish = (shaped: readonly StreamAppend[], settings: EncodeSettings): EncodedAppend => {
      const encoded = encodeAppend(this.#tenant, shaped, settings, pathTo);
      return condition || onRecorded ? { ...encoded, ...(condition && { condition }), onRecorded: onRecorded && this.#decoded(onRecorded) } : encoded;
    };
    if (!encode) return this.#submit(finish(appends, this.#settings), signal);
    const take = ({ appends: shaped, versions }: ShapedAppends): EncodedAppend => finish(shaped, { ...this.#settings, schemaVersions: versions });
    const shaped = shapeAppends(appends, encode, pathTo);
    return this.#submit(shaped instanceof Promise ? orAborted(shaped, signal).then(take) : take(shaped), signal);
  }

  /**
   * What was stored, as readers get it. Where a codec of `stored`, or a schema under `validateReads`, cannot read back what it has just
   * accepted, nothing is told: the append has succeeded, and thrown here the error would end the process. Who reads the event meets it.
   */
  #decoded(onRecorded: NonNullable<EncodedAppend["onRecorded"]>): NonNullable<EncodedAppend["onRecorded"]> {
    const decoder = this.#codec.decoder();
    if (!decoder.decode) return onRecorded;
    return (events) => {
      let current: readonly RecordedEvent[];
      try {
        current = events.flatMap((event) => decodedParts(event, decoder));
      } catch (error) {
        if (isTidemarkError(error, "EVENT_UNDECODABLE")) return;
        throw error;
      }
      onRecorded(current);
    };
  }
}
