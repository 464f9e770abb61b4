import { parseExactly } from "./exact-json.ts";
import type { EnvelopeLine } from "./import-event.ts";
import { linesOf, type TextLine } from "./lines.ts";
import type { BadLine } from "./transfer-error.ts";

/** What a reader of a file brings: an envelope, or why there is none. */
export type ReadLine = EnvelopeLine | BadLine;

export function isBad(line: ReadLine): line is BadLine {
  return "reason" in line;
}

/** One JSON document a line; blank lines are passed over. */
export async function* readNdjson(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly ReadLine[], void, undefined> {
  for await (const lines of linesOf(chunks)) yield lines.filter(isNotBlank).map(readLine);
}

function isNotBlank({ text, problem }: TextLine): boolean {
  return problem !== undefined || text.trim() !== "";
}

function readLine({ number, text, problem }: TextLine): ReadLine {
  if (problem !== undefined) return { line: number, reason: problem, text };
  try {
    return { line: number, text, envelope: parseExactly(text) };
  } catch (error) {
    return { line: number, reason: `is not JSON: ${error instanceof Error ? error.message : String(error)}`, text };
  }
}
