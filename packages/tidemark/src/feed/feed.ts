import type { Database, Session, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { isTidemarkError } from "../errors.ts";

/** An open append that holds the high-water mark back. */
export interface Blocker {
  /** The backend's process id; null for a prepared transaction, which has none. */
  readonly pid: number | null;
  /** A prepared transaction's name, else the transaction's id; null where it has none yet. */
  readonly transaction: string | null;
  readonly applicationName: string;
  /** What the connection runs or ran last. Another role's is hidden without `pg_read_all_stats`. */
  readonly query: string;
  /** Since its transaction began; at least, where that is another role's and hidden without `pg_read_all_stats`. */
  readonly heldForMs: number;
  /** Committed events that wait above the place where it may still write. */
  readonly events: number;
}

/** How often the mark is written down for standbys, at most. */
const keepEveryMs = 1_000;

/**
 * The high-water mark: the greatest position at or below which nothing new can appear.
 *
 * Every append publishes, before it draws positions, a floor that it writes above, as a shared advisory lock. The mark is
 * the least of the sequence and the floors, and what a reader may keep is the last event at or below it. Why that is
 * sound, and what breaks it: `high_water_mark.sql`, `hold_floor.sql` and docs/design/high-water-mark.md.
 */
export class Feed {
  readonly #database: Database;
  readonly #mark: Statement;
  readonly #keep: Statement;
  readonly #blockers: Statement;
  readonly #isolation: Statement = { name: "tidemark_isolation", text: "select current_setting('transaction_isolation') as level" };
  /** The last answer. A later one may be older (a stopped append publishes an old floor), and then this one stays true. */
  #last: { readonly position: number; readonly id: string | null } = { position: 0, id: null };
  #keptAt = Number.NEGATIVE_INFINITY;
  #keeps = true;

  constructor(database: Database, schema: string) {
    const quoted = quoteIdentifier(schema);
    this.#database = database;
    this.#mark = { name: "tidemark_mark", text: `select mark::text, id::text, in_recovery::text from ${quoted}.high_water_mark($1, $2)` };
    this.#keep = { name: "tidemark_keep_mark", text: `select ${quoted}.keep_high_water_mark($1, $2)::text` };
    this.#blockers = {
      name: "tidemark_blockers",
      text: `select pid::text, transaction, application_name, query, held_for_ms::text, events::text from ${quoted}.blockers()`,
    };
  }

  /** 0 where there is no event yet. On a standby: as far as the primary last wrote down. */
  async highWaterMark(signal?: AbortSignal): Promise<number> {
    const before = this.#last;
    const [row] = await this.#database.query(this.#mark, [before.position, before.id], { signal });
    const position = toSafeInteger(row?.["mark"]);
    const id = row?.["id"] ?? null;
    // Another call may have come back with more meanwhile. Less than before: that event is gone, the database was restored.
    if (position > this.#last.position || this.#last === before) this.#last = { position, id };
    if (row?.["in_recovery"] === "false" && id !== null) this.#writeDown(position, id);
    return position;
  }

  /**
   * The mark inside a transaction of the caller's. What that transaction appended itself holds it back too. Under REPEATABLE
   * READ there is none: everything in the snapshot is read, and no position in it is a checkpoint.
   */
  async markWithin(session: Session): Promise<number> {
    const [isolation] = await session.query(this.#isolation, []);
    if (isolation?.["level"] !== "read committed" && isolation?.["level"] !== "read uncommitted") return Number.MAX_SAFE_INTEGER;
    const [row] = await session.query(this.#mark, [0, null]);
    return toSafeInteger(row?.["mark"]);
  }

  /** Who holds the mark back now, the longest reach first; empty when nobody does. */
  async blockers(signal?: AbortSignal): Promise<readonly Blocker[]> {
    const rows = await this.#database.query(this.#blockers, [], { signal });
    return rows.map((row) => ({
      pid: row["pid"] == null ? null : toSafeInteger(row["pid"]),
      transaction: row["transaction"] ?? null,
      applicationName: row["application_name"] ?? "",
      query: row["query"] ?? "",
      heldForMs: toSafeInteger(row["held_for_ms"]),
      events: toSafeInteger(row["events"]),
    }));
  }

  /** Beside the caller, and only a service to standbys: a failure changes nothing here, and a role that may not write stops trying. */
  #writeDown(position: number, id: string): void {
    const now = performance.now();
    if (!this.#keeps || now - this.#keptAt < keepEveryMs) return;
    this.#keptAt = now;
    this.#database.query(this.#keep, [position, id]).catch((error: unknown) => {
      if (isTidemarkError(error, "DATABASE") && error.sqlState === "42501") this.#keeps = false;
    });
  }
}
