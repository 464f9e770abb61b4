import { InvalidArgumentError } from "../errors/errors.ts";
import { batchItems } from "./batch-items.ts";
import { cloudEventEnvelope } from "./cloudevents-envelope.ts";
import { type ExactJson, parseExactly } from "./exact-json.ts";
import { linesOf, type TextLine } from "./lines.ts";
import { isBad, type ReadLine } from "./ndjson.ts";

/** Blank text before the first event: with more of it, this is the wrong file. */
const mostBlankBytes = 1024 * 1024;
const byteOrderMark = Buffer.from("\ufeff");

/**
 * CloudEvents 1.0 in the JSON format: one a line, or a batch if the file begins with `[`. In a batch, what is not JSON hides where the next
 * event begins, so that nothing behind it is read.
 */
export async function* readCloudEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly ReadLine[], void, undefined> {
  const { isBatch, all } = await beginningOf(chunks);
  if (!isBatch) {
    for await (const lines of linesOf(all)) yield lines.filter(({ text, problem }) => problem !== undefined || text.trim() !== "").map(readItem);
    return;
  }
  for await (const items of batchItems(all)) {
    const read = items.map(readItem);
    const end = read.findIndex((line, index) => "broken" in line || items[index]?.ends);
    const [last] = read.slice(end, end + 1);
    if (end === -1 || !last || !isBad(last)) yield read;
    else {
      yield [...read.slice(0, end), { line: last.line, reason: last.reason, text: last.text, ends: true }];
      return;
    }
  }
}

function readItem({ number: line, text, problem }: TextLine): ReadLine & { readonly broken?: true } {
  if (problem !== undefined) return { line, reason: problem, text };
  let parsed: ExactJson;
  try {
    parsed = parseExactly(text);
  } catch (error) {
    return { line, reason: `is not JSON: ${error instanceof Error ? error.message : String(error)}`, text, broken: true };
  }
  try {
    return { line, text, ...cloudEventEnvelope(parsed) };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return { line, reason: error.message, text };
    throw error;
  }
}

/** Whether the first character is a bracket, and the whole file without a byte order mark. */
async function beginningOf(chunks: AsyncIterable<Buffer>): Promise<{ readonly isBatch: boolean; readonly all: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let seen: Buffer = Buffer.alloc(0);
  let isBatch: boolean | undefined;
  while (isBatch === undefined) {
    const { value, done } = await iterator.next();
    if (done) break;
    seen = seen.length === 0 ? value : Buffer.concat([seen, value]);
    if (seen.length < byteOrderMark.length) continue;
    if (seen.subarray(0, byteOrderMark.length).equals(byteOrderMark)) seen = seen.subarray(byteOrderMark.length);
    const first = seen.find((byte) => byte > 0x20);
    if (first !== undefined || seen.length > mostBlankBytes) isBatch = first === 0x5b;
  }
  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield seen;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { isBatch: isBatch ?? seen.find((byte) => byte > 0x20) === 0x5b, all: all() };
}
