import type { Database, Listener, ListeningSession } from "../database/database.ts";
import type { Logger } from "../model/logger.ts";
import type { Signal } from "../async/signal.ts";
import type { ListenerMetrics, ListenerState } from "./feed-metrics.ts";
import { type Channel, isOfTimers, isProbe } from "./channel.ts";
import { notifyStatement } from "./notifier.ts";

/** What one listener waits for until it is known whether it hears. */
interface Proof {
  heard: (hears: boolean) => void;
}

/** What is raised for what is heard. */
interface ListenerSettings {
  readonly committed: Signal;
  readonly timers: Signal;
  readonly logger: Logger;
  readonly heardWithinMs: number;
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
  /** Raised where another process set a timer that is due soon. */
  readonly #timers: Signal;
  readonly #channel: Channel;
  readonly #logger: Logger;
  readonly #heardWithinMs: number;
  #onSession: SessionObserver = () => () => {};
  #followers = 0;
  #state: ListenerState = "off";
  #heard = 0;
  #losses = 0;
  #listening: Listening | undefined;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(database: Database, channel: Channel, { committed, timers, logger, heardWithinMs }: ListenerSettings) {
    this.#database = database;
    this.#committed = committed;
    this.#timers = timers;
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
      this.#state = "off";
      if (listener) this.#closing = Promise.all([this.#closing, listener.close()]);
    };
  }

  metrics(): ListenerMetrics {
    return { state: this.#state, followers: this.#followers, heard: this.#heard, losses: this.#losses };
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
        const { own, ownTimers, probe } = this.#channel;
        if (payload === probe) {
          proof.heard(true);
          return;
        }
        if (payload === own || payload === ownTimers || isProbe(payload)) return;
        this.#heard++;
        if (isOfTimers(payload)) this.#timers.raise();
        else this.#committed.raise();
      },
      onListening: async (session) => {
        const proved = await this.#prove(proof);
        // A listener that was closed meanwhile says nothing of the one after it.
        if (this.#listening?.proof === proof) this.#state = proved === "deaf" ? "deaf" : "listening";
        if (proved === "hears" && this.#listening?.proof === proof) end = this.#onSession(session);
        return proved !== "deaf";
      },
      onEnded: () => {
        if (this.#listening?.proof === proof && this.#state === "listening") {
          this.#state = "connecting";
          this.#losses++;
        }
        end();
        end = () => {};
      },
      logger: this.#logger,
    });
    this.#state = listener ? "connecting" : "off";
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
