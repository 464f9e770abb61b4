import type { Database, Listener, ListeningSession } from "../database/database.ts";
import type { Logger } from "../model/logger.ts";
import type { Signal } from "../async/signal.ts";
import { type Channel, isProbe } from "./channel.ts";
import { notifyStatement } from "./notifier.ts";

/** What one listener waits for until it is known whether it hears. */
interface Proof {
  heard: (hears: boolean) => void;
}

/** Gets each session of which it is known that it hears, and so is no pooler's. Returns what is called when that session ends. */
export type SessionObserver = (session: ListeningSession) => () => void;

interface Listening {
  readonly listener: Listener | undefined;
  readonly proof: Proof;
}

/** Listens to the notifiers of other processes, for as long as anybody here follows the log. */
export class NotificationListener {
  readonly #database: Database;
  readonly #committed: Signal;
  readonly #channel: Channel;
  readonly #logger: Logger;
  readonly #heardWithinMs: number;
  #onSession: SessionObserver = () => () => {};
  #followers = 0;
  #listening: Listening | undefined;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(database: Database, committed: Signal, channel: Channel, { logger, heardWithinMs }: { readonly logger: Logger; readonly heardWithinMs: number }) {
    this.#database = database;
    this.#committed = committed;
    this.#channel = channel;
    this.#logger = logger;
    this.#heardWithinMs = heardWithinMs;
  }

  observe(onSession: SessionObserver): void {
    this.#onSession = onSession;
  }

  /** One more follower. Call what it returns, once, when it has gone. */
  addFollower(): () => void {
    if (this.#followers++ === 0) this.#listening = this.#listen();
    return () => {
      if (--this.#followers > 0 || !this.#listening) return;
      const { listener, proof } = this.#listening;
      this.#listening = undefined;
      proof.heard(true);
      if (listener) this.#closing = Promise.all([this.#closing, listener.close()]);
    };
  }

  /** Resolves when no connection is left. */
  async close(): Promise<void> {
    await this.#closing;
  }

  #listen(): Listening {
    const proof: Proof = { heard: () => {} };
    let end = (): void => {};
    const listener = this.#database.listen({
      channel: this.#channel.name,
      onNotification: (payload) => {
        if (payload === this.#channel.probe) proof.heard(true);
        else if (payload !== this.#channel.own && !isProbe(payload)) this.#committed.raise();
      },
      onListening: async (session) => {
        const proved = await this.#prove(proof);
        if (proved === "hears" && this.#listening?.proof === proof) end = this.#onSession(session);
        return proved !== "deaf";
      },
      onEnded: () => {
        end();
        end = () => {};
      },
      logger: this.#logger,
    });
    return { listener, proof };
  }

  /** Has followers look for what was missed, then notifies itself: behind a pooler LISTEN succeeds, and nothing ever comes. */
  async #prove(proof: Proof): Promise<"hears" | "deaf" | "unknown"> {
    this.#committed.raise();
    const heard = Promise.withResolvers<boolean>();
    proof.heard = heard.resolve;
    const timer = setTimeout(() => heard.resolve(false), this.#heardWithinMs).unref();
    try {
      await this.#database.side().query(notifyStatement, [this.#channel.name, this.#channel.probe]);
      return (await heard.promise) ? "hears" : "deaf";
    } catch {
      // Not sent, so that nothing was proved: it may well hear.
      return "unknown";
    } finally {
      clearTimeout(timer);
    }
  }
}
