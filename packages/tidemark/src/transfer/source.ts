import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { InvalidArgumentError } from "../errors/errors.ts";

/** The bytes of a file or of stdin, unpacked where they are gzip, whatever the name. */
export interface Source extends Disposable {
  readonly chunks: AsyncIterable<Buffer>;
  /** Of the file as it is stored; undefined where it is unknown. */
  readonly bytes: number | undefined;
  /** How many of those were read. */
  bytesRead(): number;
  /** Stops the reading: `chunks` ends or throws. */
  [Symbol.dispose](): void;
}

/**
 * Few calls for large files, and small beside a batch. A chunk's lines are read and checked in one turn of the event loop, and
 * what is left of the group before leaves for the server only after it.
 */
const chunkBytes = 64 * 1024;

/** @param path - `-` is stdin. */
export async function openSource(path: string, stdin: AsyncIterable<Uint8Array | string>): Promise<Source> {
  const bytes = path === "-" ? undefined : await sizeOf(path);
  const stream = path === "-" ? stdin : createReadStream(path, { highWaterMark: chunkBytes });
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of stream) {
      const buffer = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      read += buffer.length;
      yield buffer;
    }
  }
  return { chunks: unpacked(counted()), bytes, bytesRead: () => read, [Symbol.dispose]: () => void (stream instanceof Readable && stream.destroy()) };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new InvalidArgumentError("<file>", `is a folder: ${JSON.stringify(path)}`);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError("<file>", `cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function* unpacked(chunks: AsyncGenerator<Buffer, void, undefined>): AsyncGenerator<Buffer, void, undefined> {
  const { value: first } = await chunks.next();
  if (first === undefined) return;
  const [a, b] = first;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) throw new InvalidArgumentError("<file>", "is UTF-16; save it as UTF-8");
  if (a === 0x1f && b === 0x8b) {
    yield* gunzip(first, chunks);
    return;
  }
  yield first;
  yield* chunks;
}

async function* gunzip(first: Buffer, others: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    yield first;
    yield* others;
  }
  const unpacking = createGunzip({ chunkSize: chunkBytes });
  // Its failure is heard below, from the stream that it feeds.
  const feeding = pipeline(Readable.from(all()), unpacking).catch(() => {});
  try {
    yield* unpacking;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "Z_BUF_ERROR")
      throw new InvalidArgumentError("<file>", "ends in the middle of its gzip data, as a copy or download that was cut short", { cause: error });
    if (typeof code === "string" && code.startsWith("Z_")) throw new InvalidArgumentError("<file>", `holds damaged gzip data (${code})`, { cause: error });
    throw error;
  } finally {
    await feeding;
  }
}
