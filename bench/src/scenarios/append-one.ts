import { randomUUID } from "node:crypto";
import type { Comparison, Scenario, Setting, Target } from "../scenario.ts";
import { contestant, openCopy, openSubjects } from "../subjects/open.ts";

/** Rows of one COPY command. */
const copyRows = 1_000;

interface Naming {
  readonly isNew: boolean;
  readonly callers: readonly number[];
  readonly streamId: () => string;
  readonly targets: (callers: number) => readonly Target[];
}

/** Appends one event a call. Contestants: the floor, Tidemark, Emmett, and the ceiling on one connection. */
async function compare(setting: Setting, { isNew, callers, streamId, targets }: Naming): Promise<readonly Comparison[]> {
  const subjects = await openSubjects(setting);
  const copy = await openCopy(setting);
  const names = (): string[] => Array.from({ length: copyRows }, streamId);
  const ceiling = contestant("COPY", 1, () => (isNew ? copy.newStreams(names(), 1) : copy.extend(names())));
  return callers.map((count) => ({
    label: count === 1 ? "1 caller" : `${count.toLocaleString("en")} callers`,
    subject: "Tidemark",
    contestants: [...subjects.map((subject) => contestant(subject.name, count, (giveUp) => subject.append(streamId(), 1, isNew, giveUp))), ceiling],
    targets: targets(count),
  }));
}

const timesEmmett = new Map([
  [1, 3],
  [10, 8],
  [100, 12],
  [1_000, 15],
]);

function againstEmmett(callers: number): readonly Target[] {
  return [{ against: "Emmett", atLeast: timesEmmett.get(callers) ?? 1 }];
}

export const appendToNewStreams: Scenario = {
  number: 1,
  title: "Append one event to a new stream",
  about: "Every call creates a stream and says that it must not exist. COPY: one connection, 1,000 streams and events a command.",
  prepare: (setting) => compare(setting, { isNew: true, callers: [1, 10, 100, 1_000], streamId: () => `cart-${randomUUID()}`, targets: againstEmmett }),
};

export const appendToExistingStreams: Scenario = {
  number: 2,
  title: "Append one event to one of 1,000 streams",
  about: "Every call appends to a stream chosen at random, without an expectation. COPY: one connection, 1,000 events a command.",
  prepare: (setting) =>
    compare(setting, { isNew: false, callers: [1, 10, 100, 1_000], streamId: () => `cart-${Math.floor(Math.random() * 1_000)}`, targets: againstEmmett }),
};

export const appendToOneStream: Scenario = {
  number: 3,
  title: "Append one event to the same stream",
  about: "All callers append to one stream, without an expectation; who loses a race tries again. COPY: one connection, 1,000 events a command.",
  prepare: (setting) => compare(setting, { isNew: false, callers: [10, 100, 1_000], streamId: () => "cart-hot", targets: () => [] }),
};
