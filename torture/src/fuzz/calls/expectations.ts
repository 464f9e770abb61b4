import { type EventReaderWriter, isTidemarkError } from "tidemark";
import { type Actor, newEvents, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";

export type Expected = number | "any" | "no-stream" | "stream-exists";

/** What a caller may expect of a stream, rightly or wrongly. */
export function expectation({ random, model }: Pick<Actor, "random" | "model">, streamId: string): Expected {
  return random.pick<Expected>(["any", "no-stream", "stream-exists", model.version(streamId), model.version(streamId), random.between(0, 5)]);
}

/** Appends to a stream, in a store or in a transaction; both are at what the model says. */
export async function append(
  actor: Pick<Actor, "random" | "model" | "events"> & { readonly store: EventReaderWriter },
  streamId: string,
): Promise<string | undefined> {
  const { store, model } = actor;
  const expectedVersion = expectation(actor, streamId);
  const events = actor.events(4);
  const accepted = model.accepts(streamId, expectedVersion);
  const before = model.version(streamId);
  const outcome = await outcomeOf(() => store.appendToStream(streamId, newEvents(events), { expectedVersion }));
  if ("error" in outcome) {
    // Of a serializable transaction, which has to be done again as a whole.
    if (isTidemarkError(outcome.error, "SERIALIZATION_FAILURE")) throw outcome.error;
    if (!accepted && isTidemarkError(outcome.error, "VERSION_CONFLICT")) {
      return outcome.error.actual === before ? undefined : `the conflict says version ${outcome.error.actual} of ${streamId}, which is at ${before}`;
    }
    return `${streamId} at ${before}, expected ${expectedVersion}: ${wrongError(outcome.error) ?? String(outcome.error)}`;
  }
  model.append(streamId, events);
  if (!accepted) return `${streamId} at ${before} was extended by an append that expected ${expectedVersion}`;
  return outcome.value.version === before + events.length ? undefined : `${streamId} is said to be at ${outcome.value.version}`;
}
