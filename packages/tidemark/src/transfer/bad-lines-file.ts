import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { InvalidArgumentError } from "../errors/errors.ts";
import { type BadLine, FileError } from "./transfer-error.ts";

/** What a line of this file begins with. */
const beginning = '{"line":';

/** Longer texts are not repeated: the line's number finds them. */
const mostUnits = 1024 * 1024;

/** Where an import sets bad lines aside: one JSON document each, with the number, the reason and the text of the line. */
export interface BadLinesFile extends AsyncDisposable {
  write(bad: BadLine): Promise<void>;
}

/**
 * Opens the file, empty: an import that is run again reads its file from the start, and finds the same bad lines.
 *
 * @throws {@link InvalidArgumentError} — it holds something else, which would be lost.
 * @throws {@link FileError} — it cannot be written.
 */
export async function openBadLinesFile(path: string): Promise<BadLinesFile> {
  const file = await opened(path);
  return {
    async write({ line, reason, text }) {
      await file.write(`${JSON.stringify({ line, reason, ...(text.length <= mostUnits && { text }) })}\n`);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function opened(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT);
  } catch (error) {
    throw new FileError(path, error);
  }
  const { buffer, bytesRead } = await file.read(Buffer.alloc(beginning.length), 0, beginning.length, 0);
  if (bytesRead > 0 && buffer.toString() !== beginning) {
    await file.close();
    throw new InvalidArgumentError("--bad-lines", `names a file with other content: ${JSON.stringify(path)}. Name one that does not exist`);
  }
  await file.truncate(0);
  return file;
}
