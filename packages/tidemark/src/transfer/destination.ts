import { createWriteStream, existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { InvalidArgumentError } from "../errors/errors.ts";
import { FileError } from "./transfer-error.ts";

/** Where an export goes. */
export interface Destination {
  /** Resolves when more can be taken. */
  write(text: string): Promise<void>;
  /** The file appears under its own name only here. */
  finish(): Promise<void>;
}

/** What stays open, such as stdout. */
export function toStream(write: (text: string) => Promise<void>): Destination {
  return { write, async finish() {} };
}

/**
 * A file, packed where its name ends in `.gz`. It is written as `….partial` and renamed when it is whole and on the disk, so that
 * an export that was cut short is never taken for a whole one.
 *
 * @throws {@link InvalidArgumentError} — the file exists, and `replace` is false.
 */
export function toFile(path: string, replace: boolean): Destination {
  if (!replace && existsSync(path))
    throw new InvalidArgumentError("[file]", `already exists: ${JSON.stringify(path)}. Name another one, or pass --force to replace it`);
  const partial = `${path}.partial`;
  const file = createWriteStream(partial, { flush: true });
  const { head, done } = path.endsWith(".gz") ? packed(file) : { head: file, done: finished(file) };
  // The next write, or the end, hears of it.
  let failure: unknown;
  done.catch((error: unknown) => (failure = error));
  const orFail = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw new FileError(path, failure ?? error);
    }
  };
  return {
    async write(text) {
      if (failure !== undefined) throw new FileError(path, failure);
      if (!head.write(text)) await orFail(Promise.race([once(head, "drain"), done]));
    },
    async finish() {
      head.end();
      await orFail(done);
      await orFail(rename(partial, path));
    },
  };
}

function packed(file: Writable): { readonly head: Writable; readonly done: Promise<void> } {
  const gzip = createGzip();
  return { head: gzip, done: pipeline(gzip, file) };
}
