import type { CallOptions } from "../model/calls.ts";
import type { Event, NewEvent } from "../model/event.ts";
import type { EncodedCondition } from "./condition.ts";
import { defaultStreamFor } from "./default-stream.ts";
import { encodeAppend, pathInArguments } from "./encode.ts";
import type { EncodedAppend } from "./encoded.ts";
import { listenerOf } from "./recorded.ts";
import { checkAppendOptions, checkAppendToStreamsOptions, checkConditionalAppendOptions } from "./options.ts";
import type { EncodeSettings } from "./append-totals.ts";
import type { AppendOptions, AppendResult, ConditionalAppendOptions, StreamAppend } from "./types.ts";

/** Writes an append that was checked: through the group, or into a transaction of the caller's. */
export type Submit = (append: EncodedAppend, signal: AbortSignal | undefined) => Promise<readonly AppendResult[]>;

interface OneAppend extends Pick<EncodedAppend, "tell"> {
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
    const { expectedVersion, signal } = checkAppendOptions(options);
    return this.#one({ streamId, events, ...(expectedVersion !== undefined && { expectedVersion }) }, { signal, tell: listenerOf(options) });
  }

  async appendToStreams<E extends Event>(appends: readonly StreamAppend<E>[], options?: CallOptions): Promise<readonly AppendResult[]> {
    const { signal } = checkAppendToStreamsOptions(options);
    const tell = listenerOf(options);
    const encoded = encodeAppend(this.#tenant, appends, this.#settings);
    return this.#submit(tell ? { ...encoded, tell } : encoded, signal);
  }

  async append<E extends Event>(events: readonly NewEvent<E>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult> {
    const { streamId, condition, signal } = checkConditionalAppendOptions(options);
    return this.#one({ streamId: streamId ?? defaultStreamFor(events), events }, { signal, condition, tell: listenerOf(options) });
  }

  async #one(append: StreamAppend, { signal, condition, tell }: OneAppend): Promise<AppendResult> {
    const encoded = encodeAppend(this.#tenant, [append], this.#settings, pathInArguments);
    const [result] = await this.#submit(condition || tell ? { ...encoded, ...(condition && { condition }), tell } : encoded, signal);
    if (!result) throw new TypeError("an append to one stream has one result");
    return result;
  }
}
