import type { RecordedEvent } from "tidemark";
import type { ProblemReport } from "../../wire/reports.ts";
import type { TailFilter } from "../../wire/tail.ts";

/** An event of the log, and its document as JSON text: made once, however many look. */
export interface TailedEvent {
  readonly event: Pick<RecordedEvent, "type" | "category" | "streamId" | "position">;
  readonly document: string;
}

/** So many wait for a browser that is slower than the log. Of more the oldest are let go, and the browser is told of it. */
const mostWaiting = 1_000;
const mostAtOnce = 100;

/** One browser that looks at the tail: what it wants to see, and what it has not taken yet. */
export class TailTab {
  readonly #filter: TailFilter;
  #waiting: TailedEvent[] = [];
  #skipped = 0;
  #ended = false;
  #problem: ProblemReport | undefined;
  #wake: () => void = () => {};

  constructor(filter: TailFilter) {
    this.#filter = filter;
  }

  /** What it was given otherwise, up to this position, it is not given again. */
  begin(last: number): void {
    this.#waiting = this.#waiting.filter(({ event }) => event.position > last);
  }

  offer(events: readonly TailedEvent[]): void {
    this.#waiting.push(...events.filter(({ event }) => fits(this.#filter, event)));
    const over = this.#waiting.length - mostWaiting;
    if (over > 0) {
      this.#skipped += over;
      this.#waiting.splice(0, over);
    }
    if (this.#waiting.length > 0) this.#wake();
  }

  /** @param problem - Why, for the browser. */
  end(problem?: ProblemReport): void {
    this.#ended = true;
    this.#problem = problem;
    this.#wake();
  }

  beat(): void {
    this.#wake();
  }

  /** The next message, of a heartbeat without events; undefined once it has ended. */
  async next(): Promise<string | undefined> {
    if (this.#waiting.length === 0 && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#ended) return this.#lastMessage();
    const events = this.#waiting.splice(0, mostAtOnce);
    const skipped = this.#skipped;
    this.#skipped = 0;
    return message(events, skipped);
  }

  /** What waits is not lost: the browser comes again with the last position that it has. */
  #lastMessage(): string | undefined {
    const problem = this.#problem;
    this.#problem = undefined;
    return problem && `data: ${JSON.stringify({ skipped: 0, events: [], problem })}\n\n`;
  }
}

/** Events for the browser. @param skipped - How many before them it does not get. */
export function message(events: readonly TailedEvent[], skipped: number): string {
  return `data: {"skipped":${skipped},"events":[${events.map(({ document }) => document).join(",")}]}\n\n`;
}

function fits({ types, category, prefix }: TailFilter, event: TailedEvent["event"]): boolean {
  return (types.length === 0 || types.includes(event.type)) && (category === undefined || event.category === category) && event.streamId.startsWith(prefix);
}
