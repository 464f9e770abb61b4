import { type DeadLetterKey, type EventStore, isTidemarkError } from "tidemark";
import { causeOf, mostLetters } from "./causes.ts";
import { type Change, type ChangeDefinition, defineChange } from "./change.ts";
import type { Fields } from "./fields.ts";

type Key = DeadLetterKey & { readonly kind: "consumer" | "relay"; readonly position: number };

interface Group {
  readonly kind: "consumer" | "relay";
  readonly consumer: string;
  readonly cause: string;
}

function ownerOf(fields: Fields): Pick<Group, "kind" | "consumer"> {
  return { kind: fields.oneOf("kind", ["consumer", "relay"]), consumer: fields.text("consumer") };
}

/** Whoever looks for what was done to a consumer finds its letters, too. */
const subjectOf = ({ kind, consumer }: Pick<Group, "kind" | "consumer">): string => `${kind} ${consumer}`;

const keyOf = (fields: Fields): Key => ({ ...ownerOf(fields), position: fields.number("position", 1) });

const again =
  "A worker handles the event again as soon as it can. If that succeeds, the letter goes, and those behind it follow in order; if it fails, it stays.";

export const retryLetter: Change = defineChange<Key>({
  action: "retry",
  role: "operator",
  read: keyOf,
  subject: subjectOf,
  plan: async (store, key) => {
    const { event, attempts } = await store.deadLetters.get(key, { raw: true });
    return {
      title: `Retry ${event.type} at position ${key.position} for the ${key.kind} ${key.consumer}`,
      effects: [again, "If letters of its stream are before it, the first of them is tried."],
      state: [`It was tried ${attempts} times.`],
      grave: false,
    };
  },
  make: (store, key) => store.deadLetters.retry(key),
});

export const discardLetter: Change = defineChange<Key>({
  action: "discard",
  role: "admin",
  read: keyOf,
  subject: subjectOf,
  plan: async (store, key) => {
    const { event } = await store.deadLetters.get(key, { raw: true });
    return {
      title: `Discard ${event.type} at position ${key.position} for the ${key.kind} ${key.consumer}`,
      effects: [`The ${key.kind} never handles this event. The event itself stays in the log.`, "The letters behind it are handled."],
      state: [],
      grave: true,
    };
  },
  make: (store, key) => store.deadLetters.discard(key),
});

const groupOf = (fields: Fields): Group => ({ ...ownerOf(fields), cause: fields.optionalText("cause") ?? "" });

const lowest = `At most ${mostLetters} of them, those with the lowest positions.`;

interface GroupChange extends Pick<ChangeDefinition<Group>, "action" | "role"> {
  /** Begins the question. */
  readonly title: string;
  readonly effects: (kind: Group["kind"]) => readonly string[];
  readonly grave: boolean;
  readonly make: (store: EventStore, key: Key) => Promise<void>;
}

/** A change of each letter that failed for one reason. */
function changeOfGroup({ title, effects, grave, make, ...change }: GroupChange): Change {
  return defineChange<Group>({
    ...change,
    read: groupOf,
    subject: subjectOf,
    plan: async (store, group) => {
      const keys = await failedOf(store, group);
      return {
        title: `${title} the dead letters of the ${group.kind} ${group.consumer} that failed with: ${group.cause}`,
        effects: [...effects(group.kind), lowest],
        state: [`There are ${keys.length} now.`],
        grave,
      };
    },
    make: (store, group, _actor, signal) => ofEach(store, group, signal, (key) => make(store, key)),
  });
}

export const retryLetters: Change = changeOfGroup({
  action: "retry",
  role: "operator",
  title: "Retry",
  effects: () => [again],
  grave: false,
  make: (store, key) => store.deadLetters.retry(key),
});

export const discardLetters: Change = changeOfGroup({
  action: "discard",
  role: "admin",
  title: "Discard",
  effects: (kind) => [`The ${kind} never handles these events. The events themselves stay in the log.`, "The letters behind them are handled."],
  grave: true,
  make: (store, key) => store.deadLetters.discard(key),
});

/** One after another. A worker that was faster has handled the letter, or somebody else has discarded it. */
async function ofEach(store: EventStore, group: Group, signal: AbortSignal, work: (key: Key) => Promise<void>): Promise<void> {
  for (const key of await failedOf(store, group)) {
    signal.throwIfAborted();
    await work(key).catch((error: unknown) => {
      if (!isTidemarkError(error, "NOT_FOUND")) throw error;
    });
  }
}

async function failedOf(store: EventStore, { kind, consumer, cause }: Group): Promise<readonly Key[]> {
  const letters = await store.deadLetters.list({ kind, consumer, state: "failed", limit: mostLetters, raw: true });
  return letters.filter((letter) => causeOf(letter) === cause).map(({ position }) => ({ kind, consumer, position }));
}
