import { isUtf8 } from "node:buffer";

/** A line as it stands in the file, or what is wrong with it as text. */
export interface TextLine {
  /** Counted from 1. */
  readonly number: number;
  /** Without its line feed; a carriage return before that is still there. */
  readonly text: string;
  readonly problem?: string;
}

/** An event has at most 16 MiB, which escapes can double. */
export const maxLineBytes: number = 32 * 1024 * 1024;

const lineFeed = 0x0a;
const overlong = `is longer than ${maxLineBytes / 1024 / 1024} MiB`;
const notUtf8 = "is not UTF-8";

/**
 * The lines of UTF-8, in groups as they come, without a byte order mark. Only a line feed ends a line, since JSON may hold the
 * other separators. What is bad about a line harms no other.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number = maxLineBytes): AsyncGenerator<readonly TextLine[], void, undefined> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;

  function* decoded(block: Buffer): Generator<TextLine, void, undefined> {
    // Most of the time the whole block is well-formed, and decoding it at once is several times as fast.
    if (isUtf8(block)) {
      for (const text of block.toString().split("\n")) yield lineOf(++number, text);
      return;
    }
    for (let from = 0; from <= block.length;) {
      const found = block.indexOf(lineFeed, from);
      const line = block.subarray(from, found === -1 ? block.length : found);
      number++;
      yield isUtf8(line) ? lineOf(number, line.toString()) : { number, text: "", problem: notUtf8 };
      from += line.length + 1;
    }
  }

  for await (const chunk of chunks) {
    const first = chunk.indexOf(lineFeed);
    if (first === -1) {
      restBytes += chunk.length;
      // Only counted from here on: the rest of it may be the rest of the file.
      if (restBytes > maxBytes) rest = [];
      else rest.push(chunk);
      continue;
    }
    const last = chunk.lastIndexOf(lineFeed);
    const lines: TextLine[] = [];
    let from = 0;
    if (restBytes + first > maxBytes) {
      lines.push({ number: ++number, text: "", problem: overlong });
      from = first + 1;
    }
    if (from <= last) {
      const block = chunk.subarray(from, last);
      lines.push(...decoded(from === 0 && rest.length > 0 ? Buffer.concat([...rest, block]) : block));
    }
    rest = [chunk.subarray(last + 1)];
    restBytes = chunk.length - last - 1;
    yield lines;
  }
  if (restBytes > maxBytes) yield [{ number: ++number, text: "", problem: overlong }];
  else if (restBytes > 0) yield [...decoded(Buffer.concat(rest))];
}

function lineOf(number: number, text: string): TextLine {
  return { number, text: number === 1 && text.startsWith("\ufeff") ? text.slice(1) : text };
}
