import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

const lookMs = 10;
/** A look that comes later says that this machine was busy elsewhere: then it was not there for those who hold locks either. */
const timelyMs = 2 * lookMs;

/** One who waits for a lock. */
interface Waiting {
  readonly key: string;
  readonly text: string;
}

/** Gets the rows of a look: who waits, since when, for which lock. */
type Look = () => Promise<readonly Waiting[]>;

/**
 * How long appends and readers wait for locks, on a machine that may be busy. The server's time-outs bound these waits, and so does whoever holds the
 * lock by going on; both take longer if they are not scheduled. So time is counted in looks of this process: from one to the next, and 20 ms at
 * most. While the machine is elsewhere this clock stands nearly still, as do those whom it measures.
 */
export class LockWaits {
  readonly #look: Look;
  readonly #mostMs: number;
  readonly #waits = new Map<string, { ms: number; readonly text: string }>();
  readonly #tooLong = new Map<string, string>();
  #longestMs = 0;
  #lookedAt = 0;

  constructor(look: Look, mostMs: number) {
    this.#look = look;
    this.#mostMs = mostMs;
  }

  /** The longest wait so far. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** The waits that were longer than they may be. */
  get tooLong(): readonly string[] {
    return [...this.#tooLong.values()];
  }

  /** Looks until `over` is aborted. */
  async run(over: AbortSignal): Promise<void> {
    this.#lookedAt = performance.now();
    while (!over.aborted) {
      await delay(lookMs);
      await this.look();
    }
  }

  async look(): Promise<void> {
    const waiting = await this.#look();
    const now = performance.now();
    this.count(waiting, now - this.#lookedAt);
    this.#lookedAt = now;
  }

  /** @param sinceMs - Since the look before. */
  count(waiting: readonly Waiting[], sinceMs: number): void {
    const passedMs = Math.min(sinceMs, timelyMs);
    const keys = new Set(waiting.map(({ key }) => key));
    for (const key of this.#waits.keys()) if (!keys.has(key)) this.#waits.delete(key);
    for (const { key, text } of waiting) {
      const wait = this.#waits.get(key);
      // Seen for the first time, it may just have begun.
      if (!wait) {
        this.#waits.set(key, { ms: 0, text });
        continue;
      }
      wait.ms += passedMs;
      this.#longestMs = Math.max(this.#longestMs, wait.ms);
      if (wait.ms > this.#mostMs) this.#tooLong.set(key, `${text} waited for ${Math.round(wait.ms)} ms, while this process was not kept waiting itself`);
    }
  }
}

const waiters = `
select pg_catalog.concat_ws(' ', l.pid, l.waitstart, l.locktype, l.classid, l.objid, l.relation) as key,
       pg_catalog.format('the %s for a lock of kind %s (%s) in: %s', a.application_name, l.locktype, l.mode, pg_catalog.left(a.query, 200)) as text
  from pg_catalog.pg_locks as l
  join pg_catalog.pg_stat_activity as a on a.pid = l.pid
 where not l.granted and l.waitstart is not null
   and (a.application_name = 'auditor' or (a.application_name = 'appender' and a.query ~ '(append|documents)'))`;

/** Watches a whole server. */
export async function watchWaits(url: string, mostMs: number): Promise<{ readonly waits: LockWaits; readonly end: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: url, application_name: "watcher" });
  await client.connect();
  const over = new AbortController();
  const waits = new LockWaits(async () => (await client.query<Waiting>(waiters)).rows, mostMs);
  const running = waits.run(over.signal);
  // Awaited in `end`.
  running.catch(() => {});
  return {
    waits,
    async end() {
      over.abort();
      try {
        await running;
      } finally {
        await client.end();
      }
    },
  };
}
