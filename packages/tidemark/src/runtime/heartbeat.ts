import type { Clock } from "../async/clock.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import { asTidemarkError } from "../database/error-details.ts";

/** Requests for a heartbeat out of turn are answered by one, so often at most. */
const soonMs = 20;
const retryMs = 1_000;

export interface HeartbeatSettings {
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Hears of an outage once, at its beginning. */
  readonly onError: (error: TidemarkError) => void;
  /** Sends one, and heeds its answer. Returns when the next one is due, in milliseconds. */
  readonly send: () => Promise<number>;
}

/** When a worker's heartbeats are sent: as each answer says, sooner when something changed, one at a time. */
export class Heartbeat {
  readonly #settings: HeartbeatSettings;
  #unschedule = (): void => undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #sending: Promise<void> | undefined;
  #stopped = false;
  #failing = false;
  /** Something changed since the last one. */
  #changed = false;

  constructor(settings: HeartbeatSettings) {
    this.#settings = settings;
  }

  /** The first one. Rejects where the database cannot be reached. */
  async start(): Promise<void> {
    const first = this.#send();
    const settled = (): void => {
      this.#sending = undefined;
    };
    this.#sending = first.then(settled, settled);
    this.#schedule(await first);
  }

  /** Sends one soon, out of turn: something changed. */
  soon(): void {
    this.#changed = true;
    this.#schedule(soonMs);
  }

  /** Sends one that begins now. Never rejects. */
  async now(): Promise<void> {
    await this.#sending;
    if (!this.#stopped) await (this.#sending ??= this.#sendInTurn());
  }

  /** Sends no more by itself. */
  stop(): void {
    this.#stopped = true;
    this.#unschedule();
  }

  /** After `stop`: has leases go on while `ending`, and then tells what was not told yet: why a shard stopped, or what it tried again. */
  async lastWhile(ending: Promise<unknown>): Promise<void> {
    const { clock, leaseMs } = this.#settings;
    const end = clock.every(leaseMs / 3, () => void (this.#sending ??= this.#sendInTurn()));
    await ending;
    end();
    await this.#sending;
    if (this.#changed) await this.#sendInTurn();
  }

  #send(): Promise<number> {
    this.#changed = false;
    return this.#settings.send();
  }

  #schedule(ms: number): void {
    const { clock } = this.#settings;
    const dueAt = clock.now() + ms;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    this.#unschedule();
    this.#dueAt = dueAt;
    this.#unschedule = clock.after(ms, () => this.#due());
  }

  #due(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#sending) return this.soon();
    this.#sending = this.#sendInTurn();
  }

  /** Never rejects. */
  async #sendInTurn(): Promise<void> {
    const { leaseMs, onError } = this.#settings;
    try {
      const nextMs = await this.#send();
      this.#failing = false;
      this.#schedule(nextMs);
    } catch (error) {
      if (!this.#failing && !this.#stopped) onError(asTidemarkError(error));
      this.#failing = true;
      this.#schedule(Math.min(retryMs, leaseMs / 10));
    } finally {
      this.#sending = undefined;
    }
  }
}
