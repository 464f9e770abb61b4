import type { DeadLetter, DeadLetterQuery } from "tidemark";
import type { LetterError, LettersPage } from "../../wire/dead-letters.ts";
import { eventDocuments } from "../events/event-documents.ts";
import type { Call } from "./call.ts";
import { limitOf, numberOf, oneOf, textOf } from "./parameters.ts";

const letterStates = ["failed", "parked", "skipped"] as const;

/** The events that consumers and relays gave up on. */
export async function letters({ store, query, options }: Call): Promise<LettersPage> {
  const state = oneOf(query, "state", letterStates);
  const [consumer, after] = [textOf(query, "consumer"), numberOf(query, "after")];
  const wanted: DeadLetterQuery = {
    limit: limitOf(query),
    raw: true,
    ...(state && { state }),
    ...(consumer !== undefined && { consumer }),
    ...(after !== undefined && { after }),
  };
  const found = await store.deadLetters.list(wanted);
  const events = await eventDocuments(
    store,
    found.map(({ event }) => event),
    options,
  );
  return {
    letters: found.flatMap(({ consumer: name, kind, position, retryRequested, attempts, error, parkedAt, state: is }, index) => {
      const event = events[index];
      if (!event) return [];
      return [{ consumer: name, kind, position, state: is, retryRequested, attempts, error: letterError(error), parkedAt: parkedAt.getTime(), event }];
    }),
  };
}

/** Why a letter was put aside, as the database has it. */
export function letterError(error: DeadLetter["error"]): LetterError | null {
  return error ? { code: error.code ?? null, message: error.message, stack: error.stack ?? null } : null;
}
