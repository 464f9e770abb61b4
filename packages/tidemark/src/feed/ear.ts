import type { Database, Listener } from "../database/database.ts";
import type { Logger } from "../logger.ts";
import type { Bell } from "./bell.ts";
import { type Channel, isProbe } from "./channel.ts";
import { notify } from "./doorbell.ts";

/** Hears the doorbells of other processes, for as long as anybody here follows the log. */
export class Ear {
  readonly #database: Database;
  readonly #bell: Bell;
  readonly #channel: Channel;
  readonly #logger: Logger;
  readonly #heardWithinMs: number;
  #followers = 0;
  #listener: Listener | undefined;
  #closing: Promise<unknown> = Promise.resolve();
  #onProbe: (() => void) | undefined;

  constructor(database: Database, bell: Bell, channel: Channel, { logger, heardWithinMs }: { readonly logger: Logger; readonly heardWithinMs: number }) {
    this.#database = database;
    this.#bell = bell;
    this.#channel = channel;
    this.#logger = logger;
    this.#heardWithinMs = heardWithinMs;
  }

  /** One more follower. Call what it returns, once, when it has gone. */
  attend(): () => void {
    if (this.#followers++ === 0) {
      this.#listener = this.#database.listen({
        channel: this.#channel.name,
        onNotification: (payload) => this.#hear(payload),
        onListening: () => this.#prove(),
        logger: this.#logger,
      });
    }
    return () => {
      if (--this.#followers > 0) return;
      const listener = this.#listener;
      this.#listener = undefined;
      if (listener) this.#closing = Promise.all([this.#closing, listener.close()]);
    };
  }

  /** Resolves when no connection is left. */
  async close(): Promise<void> {
    await this.#closing;
  }

  #hear(payload: string): void {
    if (payload === this.#channel.probe) this.#onProbe?.();
    else if (payload !== this.#channel.ring && !isProbe(payload)) this.#bell.ring();
  }

  /** Rings for what was missed, then notifies itself: behind a pooler LISTEN succeeds, and nothing ever comes. */
  async #prove(): Promise<boolean> {
    this.#bell.ring();
    const heard = Promise.withResolvers<boolean>();
    this.#onProbe = () => heard.resolve(true);
    const timer = setTimeout(() => heard.resolve(false), this.#heardWithinMs);
    try {
      await this.#database.side().query(notify, [this.#channel.name, this.#channel.probe]);
      return await heard.promise;
    } catch {
      // Not sent, so that nothing was proved: it may well hear.
      return true;
    } finally {
      clearTimeout(timer);
      this.#onProbe = undefined;
    }
  }
}
