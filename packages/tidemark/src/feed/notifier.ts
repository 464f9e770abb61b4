import { setTimeout as delay } from "node:timers/promises";
import type { Database, Statement } from "../database/database.ts";
import type { Signal } from "../async/signal.ts";
import type { Channel } from "./channel.ts";

/** Everything that is committed within so long is one NOTIFY to other processes. */
const coalesceMs = 10;

/** Without waiting for the disk: nothing is lost with a notification, and the append has committed before. */
export const notifyStatement: Statement = {
  name: "tidemark_notify",
  text: "select pg_catalog.set_config('synchronous_commit', 'off', true), pg_catalog.pg_notify($1, $2)::text",
};

/**
 * Tells followers that something was committed: those of this process at once, others by NOTIFY. It only says "look"; a notification
 * that is lost costs one polling interval.
 *
 * Never inside an append: a NOTIFY holds a lock of the whole server's until its transaction has committed. So it is a
 * statement of its own, one at a time, on a connection apart from the pool's.
 */
export class Notifier {
  readonly #database: Database;
  readonly #committed: Signal;
  readonly #channel: Channel;
  /** What has to be sent. */
  readonly #due = new Set<string>();
  #sending: Promise<void> | undefined;

  constructor(database: Database, committed: Signal, channel: Channel) {
    this.#database = database;
    this.#committed = committed;
    this.#channel = channel;
  }

  notify(): void {
    this.#committed.raise();
    this.#tell(this.#channel.own);
  }

  /** Tells who fires timers, in other processes, that one was set which is due soon. */
  notifyTimers(): void {
    this.#tell(this.#channel.ownTimers);
  }

  #tell(payload: string): void {
    // No other process has an embedded database open.
    if (this.#database.driver === "pglite") return;
    this.#due.add(payload);
    this.#sending ??= this.#send();
  }

  /** Resolves when others have been told of everything. */
  async close(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#due.size > 0) {
      const payloads = [...this.#due];
      this.#due.clear();
      for (const payload of payloads) {
        // Where the database is lost, followers poll, and appends fail.
        await this.#database
          .side()
          .query(notifyStatement, [this.#channel.name, payload])
          .catch(() => {});
      }
      await delay(coalesceMs);
    }
    this.#sending = undefined;
  }
}
