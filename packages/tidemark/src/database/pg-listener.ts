import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../async/retry.ts";
import type { Listener, ListeningSession, ListenOptions, TextRow } from "./database.ts";
import { type PgPool, textTypes } from "./pg-client.ts";
import { configOf, type ConfiguredPool, isConfigured } from "./pg-side.ts";
import { serverAnswer } from "./sql-state.ts";
import { textOf } from "./statement-text.ts";

export interface ListenerTimings {
  /** Between two questions whether the connection still lives: a half-open one tells nothing by itself. */
  readonly heartbeatMs: number;
  /** How long each answer may take. */
  readonly answerMs: number;
  /** Before the second try after a loss; each further one waits up to twice as long. */
  readonly firstRetryMs: number;
  readonly mostRetryMs: number;
  /** Before a connection on which nothing can be heard is tried again. */
  readonly deafRetryMs: number;
}

export const defaultTimings: ListenerTimings = { heartbeatMs: 10_000, answerMs: 5_000, firstRetryMs: 100, mostRetryMs: 30_000, deafRetryMs: 300_000 };

/** Listens on a connection like the pool's, apart from it. Undefined where a pool does not say how it connects. */
export function listenBeside(pool: PgPool, options: ListenOptions, timings: ListenerTimings = defaultTimings): Listener | undefined {
  return isConfigured(pool) ? new PgListener(pool, options, timings) : undefined;
}

const goodbyeMs = 1_000;

/**
 * A connection that listens, for as long as a follower needs it. In this order: LISTEN, then the reader looks, then both
 * wait; looking before LISTEN would miss what is notified between.
 *
 *   connect → LISTEN → heard? ──yes──→ heartbeat … lost → back off ─┐
 *      ↑                └─no──→ close, wait long ───────────────────┤
 *      └────────────────────────────────────────────────────────────┘
 *
 * Its socket is always read, whatever the readers do: a listener that does not would hold back the server's queue of
 * notifications for everybody.
 */
class PgListener implements Listener {
  readonly #pool: ConfiguredPool;
  readonly #options: ListenOptions;
  readonly #timings: ListenerTimings;
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;
  #saidAt = Number.NEGATIVE_INFINITY;
  #said = "";

  constructor(pool: ConfiguredPool, options: ListenOptions, timings: ListenerTimings) {
    this.#pool = pool;
    this.#options = options;
    this.#timings = timings;
    this.#done = this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { firstRetryMs, mostRetryMs, deafRetryMs } = this.#timings;
    for (let failures = 0; !this.#closed.signal.aborted;) {
      let waitMs = deafRetryMs;
      try {
        await this.#listen(() => (failures = 0));
        this.#say("notifications do not arrive (most likely because of a pooler in transaction mode). Followers poll instead, at least once a second.");
      } catch (error) {
        if (this.#closed.signal.aborted) break;
        waitMs = backoffMs({ firstMs: firstRetryMs, mostMs: mostRetryMs }, ++failures);
        this.#say(`the connection that listens failed, and followers poll until it is back: ${reason(error)}`);
      }
      await delay(waitMs, undefined, { signal: this.#closed.signal, ref: false }).catch(() => {});
    }
  }

  /** Listens until the connection is lost, which rejects. Resolves when it hears nothing. */
  async #listen(onHearing: () => void): Promise<void> {
    const { heartbeatMs, answerMs } = this.#timings;
    const client = new this.#pool.Client({
      ...configOf(this.#pool, "tidemark listener"),
      keepAlive: true,
      keepAliveInitialDelayMillis: heartbeatMs,
      connectionTimeoutMillis: answerMs,
    });
    const lost = Promise.withResolvers<never>();
    // What is lost while it is not awaited must not count as unhandled.
    lost.promise.catch(() => {});
    const onClose = (): void => lost.reject(new Error("closed"));
    this.#closed.signal.addEventListener("abort", onClose, { once: true });
    client.on("error", lost.reject);
    client.on("end", () => lost.reject(new Error("the server closed it")));
    client.on("notification", ({ payload }) => this.#options.onNotification(payload ?? ""));
    const unlessLost = <T>(work: Promise<T>): Promise<T> => Promise.race([work, lost.promise]);
    try {
      await unlessLost(client.connect());
      // Who follows keeps the process, where that is wanted.
      client.unref();
      await within(answerMs, unlessLost(client.query({ text: `listen ${this.#options.channel}` })));
      const session: ListeningSession = {
        async query(statement, values) {
          const { rows } = await within(answerMs, unlessLost(client.query({ text: textOf(statement, "cast"), values, types: textTypes })));
          return rows as TextRow[];
        },
      };
      if (!(await unlessLost(this.#options.onListening(session)))) return;
      onHearing();
      if (this.#said !== "") this.#options.logger.info("tidemark: the connection that listens works.");
      this.#said = "";
      for (;;) {
        await unlessLost(delay(heartbeatMs, undefined, { signal: this.#closed.signal, ref: false }));
        await within(answerMs, unlessLost(client.query({ text: "select 1" })));
      }
    } finally {
      this.#options.onEnded?.();
      this.#closed.signal.removeEventListener("abort", onClose);
      client.ref();
      // A half-open connection never answers a goodbye.
      await within(goodbyeMs, client.end()).catch(() => client.connection.stream.destroy());
    }
  }

  /** Once for each state of affairs, and one line a second at most. */
  #say(what: string): void {
    if (this.#said === what || performance.now() - this.#saidAt < 1_000) return;
    this.#saidAt = performance.now();
    this.#said = what;
    this.#options.logger.warn(`tidemark: ${what}`);
  }
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const tooLate = delay(ms, undefined, { signal: timer.signal }).then((): never => {
    throw new Error(`no answer within ${ms} ms`);
  });
  // Aborted, it rejects too.
  tooLate.catch(() => {});
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    timer.abort();
  }
}

function reason(error: unknown): string {
  const answer = serverAnswer(error);
  return answer ? `${answer.sqlState} ${answer.message}` : error instanceof Error ? error.message : String(error);
}
