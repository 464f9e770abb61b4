import { controlBytes, Frame, heartbeat, reconnectSoon } from "./frame.ts";
import type { LiveLog, LogWatcher } from "./live-log.ts";
import { currentCursor, cursorAfter } from "./log-cursor.ts";
import type { Page } from "./log-view.ts";

/** Where a reader's bytes go. */
export interface Outlet {
  /** False: it is full. `flow` is called once it has room again. */
  write(bytes: Uint8Array): boolean;
  /** Nothing more comes. */
  end(): void;
}

export interface LiveReaderOptions {
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

/**
 * One client of an event stream. It has no queue: it has a place in the log, and writes what is behind that as long as the outlet has room.
 * An idle one costs no timer, no promise and no query: its live log looks at all of them together.
 */
export class LiveReader implements LogWatcher {
  readonly #options: LiveReaderOptions;
  readonly #endsAt: number;
  #outlet: Outlet | undefined;
  #place: number;
  #first: Page | undefined;
  #joined: boolean;
  #cursor: number;
  #spokeAt = 0;
  #room = false;
  #going = false;
  #paging = false;
  #greeted = false;
  #ended = false;

  constructor(options: LiveReaderOptions) {
    const { live, place, first, cursor, connectionMs } = options;
    this.#options = options;
    this.#place = place;
    this.#first = first;
    this.#joined = first === undefined;
    this.#cursor = Number(cursorAfter(cursor));
    // Not all at once: those who connected together would come back together.
    this.#endsAt = performance.now() + connectionMs * (0.9 + Math.random() * 0.2);
    live.admit(this);
  }

  /** Whether its bytes go somewhere already. */
  get opened(): boolean {
    return this.#outlet !== undefined;
  }

  /** Begins to write. Once. */
  open(outlet: Outlet): void {
    if (this.#ended) return outlet.end();
    this.#outlet = outlet;
    this.#write(reconnectSoon);
    this.#go();
  }

  /** The outlet has room. */
  flow(): void {
    this.#room = true;
    this.#go();
  }

  /** The client is gone. */
  leave(): void {
    this.#outlet = undefined;
    this.#end();
  }

  /** Writes what is new, a sign of life where it is time for one, or ends. @param lateMs - After how long it is looked at again, at the latest. */
  look(now: number, lateMs: number): void {
    this.#go();
    if (this.#ended) return;
    const { heartbeatMs, connectionMs } = this.#options;
    const idle = this.#room && this.#joined && !this.#paging;
    // It ends where it has everything. One that never has, or does not read, is authorized no longer than this.
    if (now >= this.#endsAt && (idle || now >= this.#endsAt + connectionMs)) this.#end();
    else if (idle && now + lateMs > this.#spokeAt + heartbeatMs) this.#write(heartbeat);
  }

  /** Goes on until the outlet is full, a page has to be read, or there is nothing more. */
  #go(): void {
    // Some outlets ask for more while they are written to.
    if (this.#going) return;
    this.#going = true;
    try {
      while (this.#room && !this.#paging && !this.#ended && this.#step());
    } finally {
      this.#going = false;
    }
    if (this.#options.live.over) this.#end();
  }

  /** False: there is nothing to do for now. */
  #step(): boolean {
    const { live } = this.#options;
    if (live.over) return false;
    if (!this.#joined) {
      void this.#catchUp();
      return true;
    }
    const taken = live.take(this.#place, this.#turnedCursor());
    if (!taken) {
      this.#joined = false;
      return true;
    }
    if (taken.bytes.byteLength === 0) return this.#greet();
    this.#place = taken.end;
    this.#greeted = true;
    this.#write(taken.bytes);
    return true;
  }

  async #catchUp(): Promise<void> {
    const { live } = this.#options;
    this.#paging = true;
    try {
      const page = this.#first ?? (await live.view.page(this.#place));
      this.#first = undefined;
      this.#place = page.end;
      this.#joined = page.complete && live.joins(page.end, page.mark);
      if (page.items.length > 0) {
        this.#greeted ||= page.complete;
        this.#write(Frame.of(page).bytes(this.#turnedCursor(), page.complete));
      } else if (!page.complete) {
        // Of many events that the client may not see, it must hear how far they go, or it would begin again.
        this.#write(controlBytes(this.#place, this.#turnedCursor(), false));
      } else if (!this.#joined) await live.news(againMs);
    } catch (error) {
      this.#end(error);
    }
    this.#paging = false;
    this.#go();
  }

  /** Says once that there is nothing yet. */
  #greet(): boolean {
    if (this.#greeted) return false;
    this.#greeted = true;
    this.#write(controlBytes(this.#place, this.#cursor, true));
    return true;
  }

  #write(bytes: Uint8Array): void {
    if (this.#ended || !this.#outlet) return;
    this.#spokeAt = performance.now();
    this.#room = false;
    if (this.#outlet.write(bytes)) this.#room = true;
  }

  /** Ahead with the time, and never back. */
  #turnedCursor(): number {
    this.#cursor = Math.max(this.#cursor, currentCursor());
    return this.#cursor;
  }

  /** Also after a failure the client connects again, and gets that as a status. */
  #end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const { live, onEnd } = this.#options;
    live.dismiss(this);
    this.#outlet?.end();
    this.#outlet = undefined;
    onEnd(error);
  }
}
