import { offsetOf } from "./log-offset.ts";
import type { Portion } from "./log-view.ts";

const encoder = new TextEncoder();

/** Of pages, as long as somebody holds them. */
const frames = new WeakMap<Portion, Frame>();

/** Some events as readers of an event stream get them. Readers share the bytes. */
export class Frame {
  readonly end: number;
  readonly items: readonly string[];
  readonly size: number;
  #data: Uint8Array | undefined;
  #made: { readonly key: string; readonly bytes: Uint8Array } | undefined;
  /** Of each item. */
  readonly #positions: readonly number[];

  /** The frame of a page: one for all who read it. */
  static of(page: Portion): Frame {
    const frame = frames.get(page) ?? new Frame(page);
    frames.set(page, frame);
    return frame;
  }

  constructor({ end, items, positions }: Omit<Portion, "after">) {
    this.end = end;
    this.items = items;
    this.#positions = positions;
    this.size = items.reduce((sum, item) => sum + item.length, 0);
  }

  /** What it has for a reader at this place, which may have read a part of it before. Undefined: nothing. */
  behind(place: number): Frame | undefined {
    const from = this.#positions.findIndex((position) => position > place);
    if (from <= 0) return from === 0 ? this : undefined;
    return new Frame({ end: this.end, items: this.items.slice(from), positions: this.#positions.slice(from) });
  }

  /** A data event and its control event. @param upToDate - There is nothing behind it. */
  bytes(cursor: number, upToDate: boolean): Uint8Array {
    const key = `${cursor} ${upToDate}`;
    if (this.#made?.key !== key) {
      // Cursors of readers differ, and that must not cost the encoding of the events.
      this.#data ??= encoder.encode(`id: ${offsetOf(this.end)}\nevent: data\ndata:[${this.items.join(",")}]\n\n`);
      this.#made = { key, bytes: Buffer.concat([this.#data, encoder.encode(controlText(this.end, cursor, upToDate))]) };
    }
    return this.#made.bytes;
  }
}

/** A control event alone, for a reader that has had everything, or has passed events that it may not see. @param upToDate - There is nothing behind it. */
export function controlBytes(place: number, cursor: number, upToDate: boolean): Uint8Array {
  return encoder.encode(controlText(place, cursor, upToDate));
}

function controlText(place: number, cursor: number, upToDate: boolean): string {
  const control = { streamNextOffset: offsetOf(place), streamCursor: `${cursor}`, ...(upToDate && { upToDate }) };
  return `id: ${control.streamNextOffset}\nevent: control\ndata:${JSON.stringify(control)}\n\n`;
}

/** A comment: it keeps proxies from closing a quiet connection, and finds out about clients that are gone. */
export const heartbeat: Uint8Array = encoder.encode(":\n\n");

/** How long a browser waits before it connects again. */
export const reconnectSoon: Uint8Array = encoder.encode("retry: 1000\n\n");
