import { pause } from "../async/pause.ts";
import { Semaphore } from "../async/semaphore.ts";
import { errorDetails } from "../database/error-details.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { HandlerTimeoutError } from "../errors/following.ts";
import { SinkUnavailableError } from "../errors/relays.ts";
import type { RecordedEvent } from "../model/event.ts";
import { delayAfter } from "../runtime/retry-policy.ts";
import type { DefinedRelay } from "./defined-relay.ts";
import { type MapCall, MapCalls } from "./map-calls.ts";
import type { OutgoingMessage } from "./sink.ts";

/** An event that is to be published. */
export interface Item {
  readonly event: RecordedEvent;
  readonly key: string;
}

/** What became of an item for good. */
export type Outcome = "acknowledged" | Refusal;

export class Refusal {
  readonly error: unknown;
  readonly attempts: number;

  constructor(error: unknown, attempts: number) {
    this.error = error;
    this.attempts = attempts;
  }
}

export interface PublisherTools {
  readonly relay: DefinedRelay;
  /** Undefined: the event becomes no message. What it throws refuses the event. The call's signal aborts once nobody waits for it any more. */
  readonly message: (item: Item, call: MapCall) => Promise<OutgoingMessage | undefined>;
  /** Resolves when a message may be sent: not in a pause, nor while the lease is unsure. */
  readonly mayGoOn: () => Promise<unknown>;
  /** Whether to hold at this refusal, because everything is refused. */
  readonly holds?: () => boolean;
}

/** Told of each item whose fate is known. */
export type Settle = (item: Item, outcome: Outcome) => void;

/**
 * Publishes items through a sink: keys side by side, one message of a key after the other, as many at once as the relay allows.
 *
 * A message of a key begins once the one before it is acknowledged. So whatever a broker does with a message, nothing of its key overtakes it.
 */
export class Publisher {
  readonly #tools: PublisherTools;

  constructor(tools: PublisherTools) {
    this.#tools = tools;
  }

  /**
   * Resolves once every item is settled, but for those of a key behind one that was refused. Rejects with `SinkUnavailableError`, with
   * `HandlerTimeoutError` if `map` did not settle in time, or with the reason of the signal; what had been sent is settled by then, as far as it can be.
   */
  async publish(items: readonly Item[], settle: Settle, signal: AbortSignal): Promise<void> {
    if (items.length === 0) return;
    const run = new Run(this.#tools, settle, signal);
    try {
      await Promise.all([...Map.groupBy(items, ({ key }) => key).values()].map((lane) => run.lane(lane)));
    } finally {
      run.end();
    }
    run.throwIfFailed();
  }
}

/** One call of `publish`. */
class Run {
  readonly #tools: PublisherTools;
  readonly #settle: Settle;
  readonly #slots: Semaphore;
  readonly #abort = new AbortController();
  readonly #aborted: Promise<never>;
  readonly #outer: AbortSignal;
  readonly #watch: NodeJS.Timeout;
  readonly #maps = new MapCalls();
  #sent = 0;
  #progressAt = performance.now();
  #failure: { readonly error: unknown } | undefined;

  constructor(tools: PublisherTools, settle: Settle, outer: AbortSignal) {
    this.#tools = tools;
    this.#settle = settle;
    this.#outer = outer;
    const { inFlight, ackTimeoutMs, mapTimeoutMs } = tools.relay.settings;
    this.#slots = new Semaphore(inFlight);
    this.#aborted = new Promise((_resolve, reject) => {
      const { signal } = this.#abort;
      signal.addEventListener(
        "abort",
        () => {
          reject(signal.reason);
          this.#maps.end(signal.reason);
        },
        { once: true },
      );
    });
    this.#aborted.catch(() => {});
    if (outer.aborted) this.#onOuter();
    outer.addEventListener("abort", this.#onOuter, { once: true });
    const everyMs = Math.max(1, Math.min(1_000, ackTimeoutMs / 4, mapTimeoutMs / 4));
    this.#watch = setInterval(() => {
      this.#lookAtMaps(mapTimeoutMs);
      this.#look(ackTimeoutMs);
    }, everyMs).unref();
  }

  /** One timer for all messages: each with its own would cost more than the rest. */
  #look(ackTimeoutMs: number): void {
    if (this.#sent === 0 || performance.now() - this.#progressAt < ackTimeoutMs) return;
    this.#abort.abort(this.#unavailable(`it acknowledged nothing for ${ackTimeoutMs} ms`));
  }

  #lookAtMaps(timeoutMs: number): void {
    const late = this.#maps.late(timeoutMs);
    if (late) this.#maps.end(new HandlerTimeoutError({ consumer: this.#tools.relay.name, timeoutMs, position: late.position, part: "map" }));
  }

  readonly #onOuter = (): void => this.#abort.abort(this.#outer.reason);

  end(): void {
    clearInterval(this.#watch);
    this.#outer.removeEventListener("abort", this.#onOuter);
    // Nobody waits any more.
    this.#abort.abort(new Error("the batch is over"));
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Never rejects. */
  async lane(items: readonly Item[]): Promise<void> {
    for (const item of items) {
      if (this.#failure) return;
      const outcome = await this.#publish(item).catch((error: unknown) => {
        this.#failure ??= { error };
        return undefined;
      });
      if (outcome === undefined) return;
      this.#settle(item, outcome);
      if (outcome instanceof Refusal) return;
    }
  }

  async #publish(item: Item): Promise<Outcome> {
    const { settings } = this.#tools.relay;
    for (let attempt = 1; ; attempt++) {
      const error = await this.#try(item);
      if (error === undefined) return "acknowledged";
      if (error.kind === "refused") {
        if (this.#tools.holds?.()) throw error.cause;
        return new Refusal(error.cause, attempt);
      }
      // One that asks to wait for hours must not hold up the others of its batch.
      if (attempt >= settings.retry.attempts || error.waitMs > settings.retry.maxDelayMs) return new Refusal(error.cause, attempt);
      await pause(Math.max(delayAfter(settings.retry, attempt), error.waitMs), this.#abort.signal);
    }
  }

  /** One try. Undefined: it was acknowledged. Rejects where nothing can be sent now. */
  async #try(item: Item): Promise<Failure | undefined> {
    const release = await this.#slots.acquire({ signal: this.#abort.signal });
    try {
      await this.#tools.mayGoOn();
      if (this.#failure) throw this.#failure.error;
      this.#abort.signal.throwIfAborted();
      const message = await this.#message(item);
      if (message instanceof Refusal) return { kind: "refused", cause: message.error };
      if (message === undefined) return undefined;
      return await this.#send(message);
    } finally {
      release();
    }
  }

  /** A refusal where `map` throws. Rejects where it, or that of another event, does not settle in time. */
  async #message(item: Item): Promise<OutgoingMessage | Refusal | undefined> {
    const call = this.#maps.begin(item.event.position);
    try {
      return await Promise.race([this.#tools.message(item, call), this.#maps.ended]);
    } catch (error) {
      if (this.#maps.isEnded) throw error;
      return new Refusal(error, 1);
    } finally {
      this.#maps.settled(call);
    }
  }

  async #send(message: OutgoingMessage): Promise<Failure | undefined> {
    const { sink } = this.#tools.relay.settings;
    if (this.#sent++ === 0) this.#progressAt = performance.now();
    try {
      await Promise.race([sink.publish(message, { signal: this.#abort.signal }), this.#aborted]);
      return undefined;
    } catch (error) {
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
      if (isTidemarkError(error, "MESSAGE_REFUSED")) return { kind: "refused", cause: error };
      if (isTidemarkError(error, "DESTINATION_UNAVAILABLE")) return { kind: "unavailable", cause: error, waitMs: error.retryAfterMs ?? 0 };
      throw this.#unavailable(errorDetails(error).message, error);
    } finally {
      this.#sent--;
      this.#progressAt = performance.now();
    }
  }

  #unavailable(reason: string, cause?: unknown): SinkUnavailableError {
    const { name, settings } = this.#tools.relay;
    return new SinkUnavailableError({ relay: name, sink: settings.sink.name }, reason, { cause });
  }
}

type Failure = { readonly kind: "refused"; readonly cause: unknown } | { readonly kind: "unavailable"; readonly cause: unknown; readonly waitMs: number };
