import { controlBytes, Frame, heartbeat, reconnectSoon } from "./frame.ts";
import type { LiveLog } from "./live-log.ts";
import { cursorAfter } from "./log-cursor.ts";
import type { Page } from "./log-view.ts";

export interface EventStreamOptions {
  readonly live: LiveLog;
  readonly place: number;
  /** What was read before the answer began; undefined where nothing had to be. */
  readonly first: Page | undefined;
  /** The cursor that the client sent. */
  readonly cursor: string | null;
  readonly heartbeatMs: number;
  /** The reader is asked to connect again after so long. */
  readonly connectionMs: number;
  /** Called once. */
  readonly onEnd: (error?: unknown) => void;
}

/** A reader that came back at once after such a page would only ask again. */
const againMs = 50;
/** What is handed over at once: a client that does not read holds no more. */
const mostBytes = 262_144;

/** The body of a server-sent event stream. Made as it is read: a client that does not read costs a place in the log. */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  readonly #gone = new AbortController();
  readonly #endsAt: number;
  #place: number;
  #first: Page | undefined;
  #joined: boolean;
  #cursor: string;
  #greeted = false;
  #ended = false;

  constructor(options: EventStreamOptions) {
    const { place, first, cursor, connectionMs } = options;
    this.#options = options;
    this.#place = place;
    this.#first = first;
    this.#joined = first === undefined;
    this.#cursor = cursorAfter(cursor);
    // Not all at once: those who connected together would come back together.
    this.#endsAt = performance.now() + connectionMs * (0.9 + Math.random() * 0.2);
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(reconnectSoon),
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#end(),
      },
      { highWaterMark: 0 },
    );
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const bytes = await this.#next();
      if (this.#ended) return;
      if (bytes) return controller.enqueue(bytes);
      this.#end();
    } catch (error) {
      this.#end(error);
    }
    // Also after a failure: the client connects again, and is told of it with a status.
    controller.close();
  }

  /** Undefined: it is over. */
  async #next(): Promise<Uint8Array | undefined> {
    const { live, heartbeatMs } = this.#options;
    while (!live.over && !this.#ended) {
      const joined = this.#joined;
      const bytes = joined ? this.#take() : await this.#catchUp();
      if (bytes) return bytes;
      // What came while it caught up is there already.
      if (!joined || !this.#joined) continue;
      const leftMs = this.#endsAt - performance.now();
      if (leftMs <= 0) return undefined;
      const before = performance.now();
      const waitMs = Math.min(heartbeatMs, leftMs);
      await live.news(waitMs, this.#gone.signal);
      if (performance.now() - before >= waitMs && waitMs === heartbeatMs && !live.over) return heartbeat;
    }
    return undefined;
  }

  #take(): Uint8Array | undefined {
    const frames = this.#options.live.after(this.#place);
    if (!frames) {
      this.#joined = false;
      return undefined;
    }
    if (frames.length === 0) return this.#greet();
    this.#turnCursor();
    const taken: Uint8Array[] = [];
    for (let bytes = 0, index = 0; index < frames.length && bytes < mostBytes; index++) {
      const frame = frames[index];
      if (!frame) break;
      const chunk = frame.bytes(this.#cursor, index === frames.length - 1);
      taken.push(chunk);
      bytes += chunk.byteLength;
      this.#place = frame.end;
    }
    this.#greeted = true;
    const [only] = taken;
    return taken.length === 1 ? only : Buffer.concat(taken);
  }

  async #catchUp(): Promise<Uint8Array | undefined> {
    const { live } = this.#options;
    const page = this.#first ?? (await live.view.page(this.#place));
    this.#first = undefined;
    this.#place = page.end;
    this.#joined = page.complete && live.joins(page.end, page.mark);
    if (page.items.length === 0) {
      if (!this.#joined) await live.news(againMs, this.#gone.signal);
      return undefined;
    }
    this.#turnCursor();
    this.#greeted ||= page.complete;
    return new Frame(page).bytes(this.#cursor, page.complete);
  }

  /** Says once that there is nothing yet. */
  #greet(): Uint8Array | undefined {
    if (this.#greeted) return undefined;
    this.#greeted = true;
    return controlBytes(this.#place, this.#cursor);
  }

  /** Ahead with the time, and never back. */
  #turnCursor(): void {
    const current = cursorAfter(null);
    if (Number(current) > Number(this.#cursor)) this.#cursor = current;
  }

  #end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#gone.abort();
    this.#options.onEnd(error);
  }
}
