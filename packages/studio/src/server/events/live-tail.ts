import type { EventStore, RecordedEvent } from "tidemark";
import type { ProblemReport } from "../../wire/reports.ts";
import type { TailFilter } from "../../wire/tail.ts";
import type { ValidOptions } from "../options.ts";
import { eventDocuments } from "./event-documents.ts";
import { message, type TailedEvent, TailTab } from "./tail-tab.ts";

interface Running {
  readonly left: AbortController;
  /** The mark above which every event is delivered. */
  readonly from: Promise<number>;
}

interface Past {
  readonly events: readonly TailedEvent[];
  readonly skipped: number;
}

/** How many events a browser gets at once: when it comes first, and when it comes back. */
const first = 50;
const most = 500;
/** By category or prefix PostgreSQL scans the log: so many positions of it, or a filter that little fits would take the longer the longer the log is. */
const mostScanned = 20_000;
const beatMs = 15_000;

/** The tail of the log for all who look: one subscription of the process, for as long as there is somebody. */
export class LiveTail {
  readonly #store: EventStore;
  readonly #options: ValidOptions;
  readonly #failed: (error: unknown, isFirst: boolean) => ProblemReport;
  /** Since events came last. */
  #failures = 0;
  readonly #tabs = new Set<TailTab>();
  readonly #waiting = new Map<string, Promise<Past>>();
  #readings: Promise<unknown> = Promise.resolve();
  #running: Running | undefined;

  /** @param failed - Is told why the subscription failed, and whether that is the first time in a row. Returns what browsers are told. */
  constructor(store: EventStore, options: ValidOptions, failed: (error: unknown, isFirst: boolean) => ProblemReport) {
    this.#store = store;
    this.#options = options;
    this.#failed = failed;
  }

  /**
   * Server-sent events: what came after a position, the newest 500 of it, and then what comes.
   *
   * @param after - The last position that was seen; undefined begins with the newest 50.
   * @param left - Aborted when the browser has left.
   */
  async open(filter: TailFilter, after: number | undefined, left: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { from } = (this.#running ??= this.#start());
    // What comes while the past is read waits in the tab.
    const tab = new TailTab(filter);
    this.#tabs.add(tab);
    try {
      await from;
      const { events, skipped } = await this.#pastOf(filter, after);
      left.throwIfAborted();
      tab.begin(events.at(-1)?.event.position ?? after ?? 0);
      return this.#stream(tab, message(events, skipped), left);
    } catch (error) {
      this.#leave(tab);
      throw error;
    }
  }

  #stream(tab: TailTab, begin: string, left: AbortSignal): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const beat = setInterval(() => tab.beat(), beatMs);
    beat.unref();
    const leave = (): void => {
      clearInterval(beat);
      this.#leave(tab);
    };
    left.addEventListener("abort", leave, { once: true });
    if (left.aborted) leave();
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(encoder.encode(begin)),
        pull: async (controller) => {
          const next = await tab.next();
          if (next === undefined) controller.close();
          else controller.enqueue(encoder.encode(next));
        },
        cancel: leave,
      },
      // Nothing is made ahead of what the browser takes: what waits, waits in the tab, which says how much it let go.
      { highWaterMark: 0 },
    );
  }

  /** One reading after another, and one for all who wait with the same question: a hundred tabs that come back at once take one connection. */
  #pastOf(filter: TailFilter, after: number | undefined): Promise<Past> {
    const question = JSON.stringify([filter, after]);
    const waiting = this.#waiting.get(question);
    if (waiting) return waiting;
    const past = this.#readings.then(() => {
      // Who asks from now on needs what comes from now on.
      this.#waiting.delete(question);
      return this.#past(filter, after);
    });
    this.#waiting.set(question, past);
    this.#readings = past.catch(() => {});
    return past;
  }

  /** The newest of what came after a position, the oldest first. */
  async #past(filter: TailFilter, after: number | undefined): Promise<Past> {
    const limit = after === undefined ? first : most;
    const { types, category, prefix } = filter;
    const query = { ...(types.length > 0 && { types }), ...(category !== undefined && { categories: [category] }), ...(prefix !== "" && { prefix }) };
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    const scans = category !== undefined || prefix !== "";
    const lowest = scans ? Math.max(0, (await this.#store.highWaterMark()) - mostScanned) : 0;
    const newest = await this.#store
      .readAll({
        direction: "backward",
        after: Math.max(after ?? 0, lowest),
        limit: limit + 1,
        raw: true,
        signal,
        ...(Object.keys(query).length > 0 && { filter: query }),
      })
      .toArray();
    const events = await this.#tailed(newest.slice(0, limit).toReversed());
    // How many more there are would have to be counted.
    return { events, skipped: after !== undefined && (newest.length > limit || after < lowest) ? 1 : 0 };
  }

  async #tailed(events: readonly RecordedEvent[]): Promise<readonly TailedEvent[]> {
    const documents = await eventDocuments(this.#store, events, this.#options);
    return documents.map((document) => ({ event: document, document: JSON.stringify(document) }));
  }

  #start(): Running {
    const left = new AbortController();
    const from = this.#store.highWaterMark();
    const running = { left, from };
    const end = (problem?: () => ProblemReport): void => {
      if (this.#running === running) this.#end(problem?.());
    };
    // The tabs that follow are told, and come again with the last position that they have seen. Where there is no mark, their requests fail.
    void from
      .then(
        (mark) => this.#follow(mark, left.signal),
        () => {},
      )
      .then(
        () => end(),
        (error: unknown) => end(() => this.#failed(error, ++this.#failures === 1)),
      );
    return running;
  }

  async #follow(after: number, signal: AbortSignal): Promise<void> {
    for await (const batch of this.#store.subscribe({ after, raw: true, signal }).batches(200)) {
      const events = await this.#tailed(batch);
      this.#failures = 0;
      for (const tab of this.#tabs) tab.offer(events);
    }
  }

  #leave(tab: TailTab): void {
    tab.end();
    this.#tabs.delete(tab);
    if (this.#tabs.size === 0) this.#end();
  }

  #end(problem?: ProblemReport): void {
    const running = this.#running;
    this.#running = undefined;
    for (const tab of this.#tabs) tab.end(problem);
    this.#tabs.clear();
    running?.left.abort();
  }
}
