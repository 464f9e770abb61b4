import { isUtf8 } from "node:buffer";
import { maxLineBytes, type TextLine } from "./lines.ts";

/** An item of a JSON array, with the line where it begins, or what is wrong with it. */
export interface BatchItem extends TextLine {
  /** Where one item ends and the next begins is not known any more: it is the last one. */
  readonly ends?: true;
}

const [lineFeed, space, quote, comma, backslash] = [0x0a, 0x20, 0x22, 0x2c, 0x5c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * The items of a JSON array in UTF-8, in groups as they come, so that memory stays bounded however long the array is. Several arrays
 * may follow one another. Only brackets, quotes and commas are looked at here: whether an item is JSON, its reader finds out.
 */
export async function* batchItems(chunks: AsyncIterable<Buffer>, maxBytes: number = maxLineBytes): AsyncGenerator<readonly BatchItem[], void, undefined> {
  const scanner = new BatchScanner(maxBytes);
  for await (const chunk of chunks) {
    const items = scanner.scan(chunk);
    if (items.length > 0) yield items;
    if (items.at(-1)?.ends) return;
  }
  const cut = scanner.end();
  if (cut) yield [cut];
}

/** Outside of an array; before its first item; in an item; behind a comma. */
type Place = "outside" | "first" | "item" | "next";

class BatchScanner {
  readonly #maxBytes: number;
  #place: Place = "outside";
  #line = 1;
  /** Where the item began. */
  #itemLine = 1;
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** What of the item came in earlier chunks; empty once it is too long. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  scan(chunk: Buffer): readonly BatchItem[] {
    const items: BatchItem[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === lineFeed) this.#line++;
      if (this.#place === "item") {
        if (!this.#endsAt(byte)) continue;
        items.push(this.#item(chunk.subarray(from, at)));
        this.#place = byte === comma ? "next" : "outside";
      } else if (byte <= space) {
        continue;
      } else if (this.#place === "outside") {
        if (byte !== openArray) return [...items, broken(this.#line, "stands behind the end of the batch")];
        this.#place = "first";
      } else if (byte === closeArray && this.#place === "first") {
        this.#place = "outside";
      } else if (byte === comma || byte === closeArray) {
        return [...items, broken(this.#line, "has a comma in the batch with no event on one side of it")];
      } else {
        this.#place = "item";
        this.#itemLine = this.#line;
        from = at;
        this.#endsAt(byte);
      }
    }
    if (this.#place === "item") this.#hold(chunk.subarray(from));
    return items;
  }

  /** What is wrong with the end of the file. */
  end(): BatchItem | undefined {
    if (this.#place === "outside") return undefined;
    return broken(this.#place === "item" ? this.#itemLine : this.#line, "is in a batch that ends without its ], as a file that was cut short");
  }

  /** Whether a byte behind the beginning of an item is the first one that is no part of it. */
  #endsAt(byte: number): boolean {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inText = false;
      return false;
    }
    if (this.#depth === 0 && (byte === comma || byte === closeArray)) return true;
    if (byte === quote) this.#inText = true;
    else if (byte === openObject || byte === openArray) this.#depth++;
    else if ((byte === closeObject || byte === closeArray) && this.#depth > 0) this.#depth--;
    return false;
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    // Only counted from here on: the rest of it may be the rest of the file.
    if (this.#heldBytes > this.#maxBytes) this.#held = [];
    else this.#held.push(part);
  }

  #item(last: Buffer): BatchItem {
    this.#hold(last);
    const [number, bytes, parts] = [this.#itemLine, this.#heldBytes, this.#held];
    this.#held = [];
    this.#heldBytes = 0;
    if (bytes > this.#maxBytes) return { number, text: "", problem: `is longer than ${this.#maxBytes / 1024 / 1024} MiB` };
    const whole = Buffer.concat(parts);
    return isUtf8(whole) ? { number, text: whole.toString().trimEnd() } : { number, text: "", problem: "is not UTF-8" };
  }
}

function broken(number: number, problem: string): BatchItem {
  return { number, text: "", problem, ends: true };
}
