import { checkFunction, checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { pause } from "../async/pause.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import { errorDetails } from "../database/error-details.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { Event, EventQuery, RecordedEvent } from "../model/event.ts";
import { checkQuery } from "../read/filter.ts";
import { delayAfter } from "../runtime/retry-policy.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import type { DefinedRelay } from "./defined-relay.ts";
import { keyOf, messageId, outgoingMessage } from "./outgoing-message.ts";
import type { SourceContext } from "./relay-source.ts";
import { type Item, Publisher, Refusal } from "./publisher.ts";

/**
 * Options of `relays.replay`.
 *
 * @example
 * ```ts
 * const options: ReplayOptions = { from: 120_000, until: 130_000, filter: { types: ["CartConfirmed"] } };
 * ```
 */
export interface ReplayOptions<E extends Event = Event> {
  /** The first position, inclusive. @defaultValue 1, the beginning */
  readonly from?: number;
  /** The last position, inclusive. @defaultValue the high-water mark when the call begins */
  readonly until?: number;
  /** The events to publish. @defaultValue the relay's own filter */
  readonly filter?: EventQuery<E>;
  /** Called after each page. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Ends it: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * How far a replay is.
 *
 * @example
 * ```ts
 * export function line({ position, published }: ReplayProgress): string {
 *   return `${published} messages up to position ${position}`;
 * }
 * ```
 */
export interface ReplayProgress {
  /** Everything up to here was published. */
  readonly position: number;
  readonly published: number;
}

/**
 * What a replay did.
 *
 * @example
 * ```ts
 * export function failed({ refused }: ReplayReport): number {
 *   return refused.length;
 * }
 * ```
 */
export interface ReplayReport {
  readonly published: number;
  /** Messages that were refused, the first 1,000. They become no dead letters. Later messages of their keys on the same page were not published either. */
  readonly refused: readonly { readonly position: number; readonly eventId: string; readonly message: string }[];
  /** The last position that was looked at. */
  readonly position: number;
}

const pageSize = 500;
const mostListed = 1_000;
const shape = {
  from: wholeNumber(1),
  until: wholeNumber(0),
  filter: checkQuery,
  onProgress: checkFunction<(progress: ReplayProgress) => void>,
  signal: checkSignal,
};

interface Replaying {
  readonly relay: DefinedRelay;
  readonly context: SourceContext;
  readonly tenant: string;
  readonly store: EventReaderWriter;
  /** Aborts when the store closes: a sink that is away would be waited for until then. */
  readonly closing: AbortSignal;
}

/** Publishes a part of the log once more, beside the relay, whose checkpoint stays. */
export async function replay({ relay, context, tenant, store, closing }: Replaying, given: ReplayOptions | undefined): Promise<ReplayReport> {
  const { from = 1, until, filter = relay.settings.filter, onProgress, signal } = checkOptions(given, shape);
  const { settings } = relay;
  const ended = AbortSignal.any(signal ? [signal, closing] : [closing]);
  const publishing = new ReplayedPages(relay, context.codec, ended);
  const range = { settings, tenant, after: from - 1, until, filter, pageSize, signal: ended };
  let position = from - 1;
  for await (const events of settings.source.read(context, store, range)) {
    await publishing.publish(events);
    position = events.at(-1)?.position ?? position;
    onProgress?.({ position, published: publishing.published });
  }
  return { published: publishing.published, refused: publishing.refused, position };
}

/** Publishes one page after the other, each until the sink has taken it. */
class ReplayedPages {
  published = 0;
  readonly refused: { readonly position: number; readonly eventId: string; readonly message: string }[] = [];
  readonly #relay: DefinedRelay;
  readonly #publisher: Publisher;
  readonly #signal: AbortSignal;

  constructor(relay: DefinedRelay, codec: EventCodec, signal: AbortSignal) {
    this.#relay = relay;
    this.#signal = signal;
    this.#publisher = new Publisher({
      relay,
      message: ({ event, key }, call) => outgoingMessage({ relay, codec }, event, key, undefined, call),
      mayGoOn: async () => {},
    });
  }

  async publish(events: readonly RecordedEvent[]): Promise<void> {
    const settled = new Set<string>();
    const refusedKeys = new Set<string>();
    const items = events.flatMap((event) => this.#itemOf(event) ?? []);
    for (let attempt = 1; ; attempt++) {
      const open = items.filter(({ event, key }) => !settled.has(messageId(event)) && !refusedKeys.has(key));
      try {
        return await this.#publisher.publish(
          open,
          (item, outcome) => {
            settled.add(messageId(item.event));
            if (!(outcome instanceof Refusal)) return void this.published++;
            this.#refuse(item.event, outcome.error);
            refusedKeys.add(item.key);
          },
          this.#signal,
        );
      } catch (error) {
        if (isTidemarkError(error, "HANDLER_TIMEOUT")) {
          const late = open.find(({ event }) => event.position === error.position);
          if (!late) throw error;
          this.#refuse(late.event, error);
          refusedKeys.add(late.key);
          continue;
        }
        if (!isTidemarkError(error, "SINK_UNAVAILABLE")) throw error;
        await pause(delayAfter(this.#relay.settings.retry, attempt), this.#signal, { keepsProcess: true });
      }
    }
  }

  /** Undefined: it has no key, and is refused. */
  #itemOf(event: RecordedEvent): Item | undefined {
    try {
      return { event, key: keyOf(this.#relay, event) };
    } catch (error) {
      this.#refuse(event, error);
      return undefined;
    }
  }

  #refuse({ position, id }: RecordedEvent, error: unknown): void {
    if (this.refused.length < mostListed) this.refused.push({ position, eventId: id, message: errorDetails(error).message });
  }
}
