import fc from "fast-check";
import { type Decider, type Event, type EventStore, handleCommand, type SnapshotOptions } from "../../../src/index.ts";
import { drivers } from "../../contract/drivers.ts";
import { describe, expect } from "../../support/test.ts";

type NoteEvent = Event<"Noted", { readonly key: string; readonly text: string | null }>;
interface Notes {
  /** Changed in place, and its keys go through decisions in their order. */
  byKey: Record<string, string | undefined>;
  last: { text: string | undefined } | undefined;
  history: { text: string | undefined }[];
}
type Command = { readonly note: string; readonly text: string | null } | { readonly repeat: number };

/** A decider whose decisions depend on all that JSON could lose. */
function notes(stateVersion: number, snapshot: Omit<SnapshotOptions<Notes>, "stateVersion"> | undefined): Decider<Notes, Command, NoteEvent> {
  return {
    name: "notes",
    ...(snapshot && { snapshot: { ...snapshot, stateVersion } }),
    initialState: () => ({ byKey: {}, last: undefined, history: [] }),
    evolve(state, { data }) {
      const text = data.text === null ? undefined : `${stateVersion > 1 ? "*" : ""}${data.text}`;
      if (state.last) state.last.text += "+";
      state.byKey[data.key] = text;
      state.last = { text };
      state.history.push(state.last);
      return state;
    },
    decide: (command, state) =>
      "note" in command
        ? [{ type: "Noted", data: { key: command.note, text: command.text } }]
        : Object.keys(state.byKey)
            .slice(0, command.repeat)
            .map((key) => ({ type: "Noted", data: { key: `${key}.`, text: JSON.stringify([state.last?.text, state.history.length]) } })),
  };
}

const key = fc.constantFrom("zz", "a", "10", "2", "m", "long key");
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ note: key, text: fc.option(fc.string({ unit: "grapheme-ascii", maxLength: 3 })) }),
  fc.record({ repeat: fc.integer({ min: 0, max: 3 }) }),
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ handle: fc.array(command, { minLength: 1, maxLength: 2 }), stateVersion: fc.constantFrom(1, 1, 1, 2) }) },
  { weight: 2, arbitrary: fc.record({ together: fc.array(command, { minLength: 2, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ append: fc.array(key, { minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ take: fc.constantFrom(1, 2) }) },
  { weight: 1, arbitrary: fc.constant({ settle: true }) },
  { weight: 1, arbitrary: fc.constant({ forget: true }) },
);
const policy = fc.oneof(
  fc.record({ every: fc.integer({ min: 1, max: 5 }) }),
  fc.infiniteStream(fc.boolean()).map((choices) => ({ when: () => choices.next().value === true })),
  fc.constant({}),
);

/** A state with all that a decision could see of it. */
function told({ byKey, last, history }: Notes): unknown {
  return [Object.entries(byKey), history, history.map((entry) => entry === last)];
}

for (const { driver, test } of drivers) {
  describe(`with snapshots on ${driver}`, () => {
    test("any commands, policies, state versions and writers beside lead to what they lead to without snapshots", async ({ open }) => {
      const store = await open();
      let stream = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), policy, async (steps, chosen) => {
          const streamId = `notes-${++stream}`;
          for (const [index, one] of steps.entries()) await take(store, streamId, one, chosen, `${index}`);
        }),
        { numRuns: driver === "PGlite" ? 30 : 60 },
      );
      const { used, taken, failed, unfit, mismatched } = store.snapshots.stats();
      // Else it would have shown nothing.
      expect([used > 100, taken > 50, failed + unfit + mismatched]).toEqual([true, true, 0]);
    });
  });
}

type Step =
  | { handle: Command[]; stateVersion: number }
  | { together: Command[] }
  | { append: string[] }
  | { take: number }
  | { settle: boolean }
  | { forget: boolean };

async function take(store: EventStore, streamId: string, one: Step, policy: Omit<SnapshotOptions<Notes>, "stateVersion">, note: string): Promise<void> {
  if ("handle" in one) {
    const kept = notes(one.stateVersion, policy);
    const whole = notes(one.stateVersion, undefined);
    // What the same commands would be decided on, and to.
    const before = await handleCommand(store, whole, streamId, []);
    const wanted: unknown[] = [];
    let { state } = before;
    for (const command of one.handle) {
      for (const event of await whole.decide(command, state)) {
        wanted.push(JSON.parse(JSON.stringify(event.data)));
        state = whole.evolve(state, event);
      }
    }
    const result = await handleCommand(store, kept, streamId, one.handle);
    expect(
      result.events.map(({ data }) => data),
      note,
    ).toEqual(wanted);
    expect(told(result.state), note).toEqual(told(state));
    expect(result.version, note).toBe(before.version + wanted.length);
  } else if ("together" in one) {
    await Promise.all(one.together.map((command) => handleCommand(store, notes(1, policy), streamId, [command], { retry: { attempts: 50 } })));
  } else if ("append" in one) {
    await store.appendToStream<NoteEvent>(
      streamId,
      one.append.map((key) => ({ type: "Noted", data: { key, text: "appended" } })),
    );
  } else if ("take" in one) await store.snapshots.take(notes(one.take, {}), streamId);
  else if ("settle" in one) await store.snapshots.settled();
  else await store.snapshots.delete({ streamId });
  const [kept, whole] = await Promise.all([handleCommand(store, notes(1, policy), streamId, []), handleCommand(store, notes(1, undefined), streamId, [])]);
  expect([kept.version, told(kept.state)], note).toEqual([whole.version, told(whole.state)]);
}
