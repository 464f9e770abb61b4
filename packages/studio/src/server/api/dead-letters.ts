import type { DeadLetter } from "tidemark";
import type { DeadLettersReport, LetterGroup, LetterLine, LetterPage } from "../../wire/dead-letters.ts";
import { causeOf, mostLetters } from "../changes/causes.ts";
import { eventDocuments } from "../events/event-documents.ts";
import type { Call } from "./call.ts";
import { letterError } from "./letters.ts";
import { numberOf, required, textOf } from "./parameters.ts";
import { AbsentError, BadRequestError } from "./problem.ts";

const mostShown = 20;

/** By consumer and cause, those that wait behind one counted with it. */
export async function deadLetters({ store, query }: Call): Promise<DeadLettersReport> {
  const consumer = textOf(query, "consumer");
  const letters = await store.deadLetters.list({ limit: mostLetters + 1, raw: true, ...(consumer !== undefined && { consumer }) });
  const looked = letters.slice(0, mostLetters);
  const groups = Map.groupBy(
    looked.filter(({ state }) => state !== "parked"),
    (letter) => JSON.stringify([letter.kind, letter.consumer, letter.state, causeOf(letter)]),
  );
  const parked = looked.filter(({ state }) => state === "parked");
  return { groups: [...groups.values()].map((group) => groupOf(group, parked)).toSorted((a, b) => b.count - a.count), more: letters.length > mostLetters };
}

function groupOf(letters: readonly DeadLetter[], parked: readonly DeadLetter[]): LetterGroup {
  const [first] = letters;
  const { kind = "consumer", consumer = "" } = first ?? {};
  const streams = new Set(letters.map(({ event }) => event.streamId));
  const behind = parked.filter((letter) => letter.kind === kind && letter.consumer === consumer && streams.has(letter.event.streamId));
  return {
    kind,
    consumer,
    cause: first ? causeOf(first) : "",
    code: first?.error?.code ?? null,
    count: letters.length,
    parked: behind.length,
    letters: letters.slice(0, mostShown).map(letterLine),
  };
}

/** One letter, with what waits behind it. */
export async function deadLetter({ store, query, signal, options }: Call): Promise<LetterPage> {
  const kind = required(query, "kind");
  const consumer = required(query, "consumer");
  const position = numberOf(query, "position");
  if ((kind !== "consumer" && kind !== "relay") || position === undefined) throw new BadRequestError("A letter is named by kind, consumer and position.");
  const letter = await store.deadLetters.get({ kind, consumer, position }, { raw: true });
  const [event] = await eventDocuments(store, [letter.event], options, signal);
  if (!event) throw new AbsentError("The event of this letter is not there.");
  const after = await store.deadLetters.list({ kind, consumer, state: "parked", after: position, limit: mostLetters, raw: true });
  const { error, decodeError } = await store.deadLetters.get({ kind, consumer, position });
  return {
    kind,
    consumer,
    letter: letterLine(letter),
    event,
    error: letterError(error),
    decodeError: decodeError?.message ?? null,
    parked: after
      .filter((other) => other.event.streamId === letter.event.streamId)
      .slice(0, 100)
      .map(letterLine),
  };
}

function letterLine({ position, state, event, attempts, retryRequested, parkedAt }: DeadLetter): LetterLine {
  return { position, state, streamId: event.streamId, type: event.type, attempts, retryRequested, parkedAt: parkedAt.getTime() };
}
