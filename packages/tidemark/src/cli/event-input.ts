import { maxEvents } from "../append/encode.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { linesOf, parseJson } from "./json-text.ts";

/** What a line holds: any JSON, which the append checks. */
export interface EventLine {
  /** Counted from 1, blank lines too, as editors do. */
  readonly line: number;
  readonly event: unknown;
}

/**
 * The events of one append, one JSON document a line; blank lines are passed over.
 *
 * @throws {@link InvalidArgumentError} — a line is no JSON, the text is no UTF-8, there is no event, or there are more than one append takes.
 */
export async function readEvents(input: AsyncIterable<Uint8Array | string>): Promise<readonly EventLine[]> {
  const events: EventLine[] = [];
  let line = 0;
  for await (const text of linesOf(input)) {
    line++;
    if (text.trim() === "") continue;
    if (events.length === maxEvents) throw new InvalidArgumentError("stdin", `holds more than ${maxEvents} events, the limit of one append. Split them.`);
    events.push({ line, event: parsed(text, line) });
  }
  if (events.length === 0) throw new InvalidArgumentError("stdin", "has no events. Nothing was written.");
  return events;
}

function parsed(text: string, line: number): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new InvalidArgumentError(`line ${line}`, `cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
