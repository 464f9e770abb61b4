import type { DeadLetterQuery } from "tidemark";
import type { DeadLettersPage } from "../../wire/reports.ts";
import { eventDocuments } from "../events/event-documents.ts";
import type { Call } from "./call.ts";
import { limitOf, numberOf, oneOf, textOf } from "./parameters.ts";

const letterStates = ["failed", "parked", "skipped"] as const;

/** The events that consumers and relays gave up on. */
export async function deadLetters({ store, query, options }: Call): Promise<DeadLettersPage> {
  const state = oneOf(query, "state", letterStates);
  const [consumer, after] = [textOf(query, "consumer"), numberOf(query, "after")];
  const wanted: DeadLetterQuery = {
    limit: limitOf(query),
    raw: true,
    ...(state && { state }),
    ...(consumer !== undefined && { consumer }),
    ...(after !== undefined && { after }),
  };
  const letters = await store.deadLetters.list(wanted);
  const events = await eventDocuments(
    store,
    letters.map(({ event }) => event),
    options,
  );
  return {
    letters: letters.flatMap(({ consumer: name, kind, position, retryRequested, attempts, error, parkedAt, state: is }, index) => {
      const event = events[index];
      if (!event) return [];
      const told = error ? { code: error.code ?? null, message: error.message, stack: error.stack ?? null } : null;
      return [{ consumer: name, kind, position, state: is, retryRequested, attempts, error: told, parkedAt: parkedAt.getTime(), event }];
    }),
  };
}
