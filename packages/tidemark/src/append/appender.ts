import type { Event, NewEvent } from "../model/event.ts";
import type { EncodedCondition } from "./condition.ts";
import { defaultStreamFor } from "./default-stream.ts";
import { encodeAppend, pathInArguments } from "./encode.ts";
import type { EncodedAppend } from "./encoded.ts";
import { checkAppendOptions, checkAppendToStreamsOptions, checkConditionalAppendOptions } from "./options.ts";
import type { EncodeSettings } from "./append-totals.ts";
import type { AppendOptions, AppendResult, AppendToStreamsOptions, ConditionalAppendOptions, StreamAppend } from "./types.ts";

/** Writes an append that was checked: through the group, or into a transaction of the caller's. */
export type Submit = (append: EncodedAppend, signal: AbortSignal | undefined) => Promise<readonly AppendResult[]>;

interface OneAppend extends Pick<EncodedAppend, "onRecorded"> {
  readonly signal: AbortSignal | undefined;
  readonly condition?: EncodedCondition | undefined;
}

/** The three ways to append, for one tenant: they check what the caller gave and differ in its shape alone. */
export class Appender {
  readonly #tenant: string;
  readonly #settings: EncodeSettings;
  readonly #submit: Submit;

  constructor(tenant: string, settings: EncodeSettings, submit: Submit) {
    this.#tenant = tenant;
    this.#settings = settings;
    this.#submit = submit;
  }

  async appendToStream<E extends Event>(streamId: string, events: readonly NewEvent<E>[], options?: AppendOptions): Promise<AppendResult> {
    const { expectedVersion, signal, onRecorded } = checkAppendOptions(options);
    return this.#one({ streamId, events, ...(expectedVersion !== undefined && { expectedVersion }) }, { signal, onRecorded });
  }

  async appendToStreams<E extends Event>(appends: readonly StreamAppend<E>[], options?: AppendToStreamsOptions): Promise<readonly AppendResult[]> {
    const { signal, onRecorded } = checkAppendToStreamsOptions(options);
    const encoded = encodeAppend(this.#tenant, appends, this.#settings);
    return this.#submit(onRecorded ? { ...encoded, onRecorded } : encoded, signal);
  }

  async append<E extends Event>(events: readonly NewEvent<E>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult> {
    const { streamId, condition, signal, onRecorded } = checkConditionalAppendOptions(options);
    return this.#one({ streamId: streamId ?? defaultStreamFor(events), events }, { signal, condition, onRecorded });
  }

  async #one(append: StreamAppend, { signal, condition, onRecorded }: OneAppend): Promise<AppendResult> {
    const encoded = encodeAppend(this.#tenant, [append], this.#settings, pathInArguments);
    const [result] = await this.#submit(condition || onRecorded ? { ...encoded, ...(condition && { condition }), onRecorded } : encoded, signal);
    if (!result) throw new TypeError("an append to one stream has one result");
    return result;
  }
}
