import { TextDecoder } from "node:util";
import { InvalidArgumentError } from "../errors/errors.ts";

/**
 * Parses JSON and refuses what JavaScript would change in silence: an integer that a number cannot hold becomes its neighbour.
 * Throws a `SyntaxError` that says what is wrong.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value === "number" && source !== undefined && /^-?\d+$/.test(source) && BigInt(source) !== BigInt(value))
      throw new SyntaxError(`The number ${source.slice(0, 40)} cannot be kept exactly; write it as a text.`);
    return value;
  });
}

/** Longer lines are no events: an event has at most 16 MiB. */
const mostCharacters = 32 * 1024 * 1024;

/**
 * The lines of a stream of UTF-8. Only a line feed ends a line: JSON may hold the others that Node's `readline` splits at.
 * Throws an `InvalidArgumentError` for what is not UTF-8, which would otherwise be replaced in silence, and for an endless line.
 */
export async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of input) {
    const lines = (typeof chunk === "string" ? chunk : decode(decoder, chunk, true)).split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      yield rest + line;
      rest = "";
    }
    rest += last;
    if (rest.length > mostCharacters) throw new InvalidArgumentError("stdin", `holds a line of more than ${mostCharacters} characters`);
  }
  rest += decode(decoder, new Uint8Array(), false);
  if (rest !== "") yield rest;
}

function decode(decoder: TextDecoder, chunk: Uint8Array, stream: boolean): string {
  try {
    return decoder.decode(chunk, { stream });
  } catch (error) {
    throw new InvalidArgumentError("stdin", "is not UTF-8", { cause: error });
  }
}
