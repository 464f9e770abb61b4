import { escapeUnsafe, hideCredentials } from "../arguments/describe-value.ts";
import { toEnvelope } from "../transfer/envelope.ts";
import type { DeadLetter, ResolvedDeadLetter } from "../consumers/dead-letter.ts";
import type { Row } from "./columns.ts";

/** Each letter as a line for people, below the names of the columns. Nothing where there is none. */
export async function* letterRows(letters: readonly DeadLetter[]): AsyncGenerator<Row, void, undefined> {
  if (letters.length > 0) yield ["consumer", "position", "state", "attempts", "since", "stream", "type", "error"];
  for (const letter of letters) {
    const { consumer, position, attempts, parkedAt, event, error } = letter;
    const cells = [consumer, position, stateOf(letter), attempts, parkedAt.toISOString(), event.streamId, event.type, error?.message ?? ""];
    yield cells.map((cell) => (typeof cell === "string" ? escapeUnsafe(hideCredentials(cell)) : cell));
  }
}

/** What is known of one letter, but for its event and the stack of its error. */
export function letterTable(letter: DeadLetter): Row[] {
  const { consumer, position, event, attempts, parkedAt, error } = letter;
  return [
    ["consumer", consumer],
    ["position", `${position}`],
    ["stream", `${event.streamId}, version ${event.version}`],
    ["state", stateOf(letter)],
    ["attempts", `${attempts}`],
    ["since", parkedAt.toISOString()],
    ...(letter.decodeError ? [["event", `as it is stored, because it cannot be decoded: ${letter.decodeError.message}`]] : []),
    ["error", error ? `${error.code ? `[${error.code}] ` : ""}${error.message}` : "none of its own"],
  ];
}

/** A letter as JSON shows it: its event with the keys of every command that prints events. */
export function letterDocument(letter: DeadLetter): Omit<DeadLetter, "event"> & { readonly event: object } {
  return { ...letter, event: toEnvelope(letter.event) };
}

export async function* letterDocuments(letters: readonly DeadLetter[]): AsyncGenerator<string, void, undefined> {
  for (const letter of letters) yield escapeUnsafe(JSON.stringify(letterDocument(letter)));
}

function stateOf({ state, retryRequested }: DeadLetter): string {
  return retryRequested ? `${state}, to be tried again` : state;
}

/** Each letter that is no more, below the names of the columns. */
export async function* resolvedRows(letters: readonly ResolvedDeadLetter[]): AsyncGenerator<Row, void, undefined> {
  if (letters.length > 0) yield ["consumer", "position", "outcome", "attempts", "parked at", "resolved at", "stream", "type", "error"];
  for (const { consumer, position, outcome, attempts, parkedAt, resolvedAt, streamId, type, error } of letters) {
    const cells = [consumer, position, outcome, attempts, parkedAt.toISOString(), resolvedAt.toISOString(), streamId, type, error?.message ?? ""];
    yield cells.map((cell) => (typeof cell === "string" ? escapeUnsafe(hideCredentials(cell)) : cell));
  }
}

export async function* resolvedDocuments(letters: readonly ResolvedDeadLetter[]): AsyncGenerator<string, void, undefined> {
  for (const letter of letters) yield escapeUnsafe(JSON.stringify(letter));
}
