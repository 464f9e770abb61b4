import type { Scheduler } from "fast-check";
import type { TextRow } from "../../src/database/database.ts";
import type { Found, Log, Place, RowPages, Wanted } from "../../src/feed/log-pages.ts";
import type { Mark, Marks } from "../../src/feed/mark.ts";
import { rowFilter, SharedRow } from "../../src/feed/row-filter.ts";

/** Whatever an append can do, in the order in which it does it. */
export type WriterStep = { readonly append: number; readonly does: "floor" | "draw" | "commit" | "rollback" };

/**
 * A log as PostgreSQL shows it: positions are drawn in one order and become visible in another, and the mark follows the
 * floors. Every answer takes a while, and the scheduler decides what happens meanwhile.
 */
export class ModelLog implements Log, Marks {
  readonly #scheduler: Scheduler;
  readonly #pageRows: number;
  readonly rows: TextRow[] = [];
  readonly #floors = new Map<number, number>();
  readonly #drawn = new Map<number, number[]>();
  #last = 0;

  constructor(scheduler: Scheduler, pageRows: number) {
    this.#scheduler = scheduler;
    this.#pageRows = pageRows;
  }

  step({ append, does }: WriterStep): void {
    if (does === "floor") this.#floors.set(append, this.#last);
    else if (does === "draw") this.#drawn.set(append, [...(this.#drawn.get(append) ?? []), ++this.#last]);
    else {
      if (does === "commit") this.#show(this.#drawn.get(append) ?? []);
      this.#floors.delete(append);
    }
  }

  /** One more event, above everything drawn so far. Returns its position. */
  finish(): number {
    this.#last += 10;
    this.#show([this.#last]);
    return this.#last;
  }

  async read(): Promise<Mark> {
    const last = await this.#answer(() => this.#last);
    return await this.#answer(() => {
      const floor = Math.min(last, ...this.#floors.values());
      return { ...this.#lastEvent(floor), history: 0 };
    });
  }

  open(after: number, until: number, wanted: Wanted): RowPages {
    const matches = rowFilter(wanted);
    let from = after;
    return {
      next: () =>
        this.#answer(() => {
          const rows = this.rows.filter((row) => position(row) > from && position(row) <= until && matches(new SharedRow(row))).slice(0, this.#pageRows);
          from = rows.length < this.#pageRows ? until : position(rows.at(-1) ?? {});
          return { rows, reached: from, last: from >= until };
        }),
    };
  }

  lastEvent(at: number): Promise<Place> {
    return this.#answer(() => this.#lastEvent(at));
  }

  find(at: number): Promise<Found> {
    return this.#answer(() => ({ id: this.#idAt(at), lastPosition: this.#lastEvent(this.#last).position, inRecovery: false }));
  }

  /** Asked, answered and received at three different times. */
  async #answer<T>(work: () => T): Promise<T> {
    await this.#scheduler.schedule(Promise.resolve("asked"));
    return await this.#scheduler.schedule(Promise.resolve(work()));
  }

  #lastEvent(at: number): Place {
    const row = this.rows.findLast((each) => position(each) <= at);
    return { position: row ? position(row) : 0, id: row?.["id"] ?? null };
  }

  #idAt(at: number): string | undefined {
    return this.rows.find((row) => position(row) === at)?.["id"] ?? undefined;
  }

  #show(positions: readonly number[]): void {
    for (const at of positions) {
      this.rows.push({
        position: `${at}`,
        id: `id-${at}`,
        type: at % 3 === 0 ? "Third" : "Other",
        stream_name: "s-1",
        stream_number: `${at % 2}`,
        tenant: "",
        data: "{}",
        version: "1",
        recorded_at: "0",
        schema_version: "1",
      });
    }
    this.rows.sort((a, b) => position(a) - position(b));
  }
}

export function position(row: TextRow): number {
  return Number(row["position"]);
}
