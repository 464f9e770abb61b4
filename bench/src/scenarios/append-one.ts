import { randomUUID } from "node:crypto";
import type { Comparison, Scenario, Setting, Target } from "../scenario.ts";
import { contestant, openCopy, openOnNewDatabase, openSubjects } from "../subjects/open.ts";
import { openSameTables } from "../subjects/same-tables.ts";
import { openTidemark } from "../subjects/tidemark.ts";

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
  const fast = await openOnNewDatabase(setting, (url) => openTidemark(url, { durability: "off" }));
  const copy = await openCopy(setting);
  const floor = await openOnNewDatabase(setting, openSameTables);
  const names = (): string[] => Array.from({ length: copyRows }, streamId);
  const ceiling = contestant("COPY", 1, () => (isNew ? copy.newStreams(names(), 1) : copy.extend(names())));
  return callers.map((count) => ({
    label: count === 1 ? "1 caller" : `${count.toLocaleString("en")} callers`,
    subject: "Tidemark",
    contestants: [
      ...subjects.map((subject) => contestant(subject.name, count, (giveUp) => subject.append(streamId(), 1, isNew, giveUp))),
      contestant(sameTables, count, (giveUp) => floor.append(streamId(), isNew, giveUp)),
      contestant("Tidemark, durability off", count, () => fast.append(streamId(), 1, isNew)),
      ceiling,
    ],
    targets: targets(count),
  }));
}

const sameTables = "same tables";

/** How many times the bare insert by so many callers. */
const timesPlainSql = new Map([
  [10, 0.8],
  [100, 2],
  [1_000, 3],
]);

/**
 * With one caller the floor is a bare insert of the same rows: plain SQL writes one row with two indexes, where streams and unique ids
 * take two rows with six. On top come the floor, gate and claims: 50 to 70 µs of the server's time, of which a new stream pays most
 * (docs/design/append.md). With more callers Tidemark has to do better than plain SQL, and with 1,000 the ceiling counts too.
 */
function againstFloorAndCeiling(callers: number, oneCaller: number): readonly Target[] {
  if (callers === 1) return [{ against: sameTables, atLeast: oneCaller }];
  const floor: Target = { against: "plain SQL", atLeast: timesPlainSql.get(callers) ?? 1 };
  return callers < 1_000 ? [floor] : [floor, { against: "COPY", atLeast: 0.5 }];
}

export const appendToNewStreams: Scenario = {
  number: 1,
  title: "Append one event to a new stream",
  about:
    "Every call creates a stream and says that it must not exist. Same tables: the bare driver's insert of the same rows into Tidemark's tables. COPY: one connection, 1,000 streams and events a command. Durability off: without waiting for the disk, as some publish alone.",
  prepare: (setting) =>
    compare(setting, {
      isNew: true,
      callers: [1, 10, 100, 1_000],
      streamId: () => `cart-${randomUUID()}`,
      targets: (count) => againstFloorAndCeiling(count, 0.7),
    }),
};

export const appendToExistingStreams: Scenario = {
  number: 2,
  title: "Append one event to one of 1,000 streams",
  about:
    "Every call appends to a stream chosen at random, without an expectation. Same tables: the bare driver's insert of the same rows into Tidemark's tables. COPY: one connection, 1,000 events a command. Durability off: without waiting for the disk, as some publish alone.",
  prepare: (setting) =>
    compare(setting, {
      isNew: false,
      callers: [1, 10, 100, 1_000],
      streamId: () => `cart-${Math.floor(Math.random() * 1_000)}`,
      targets: (count) => againstFloorAndCeiling(count, 0.8),
    }),
};

export const appendToOneStream: Scenario = {
  number: 3,
  title: "Append one event to the same stream",
  about: "All callers append to one stream, without an expectation; who loses a race tries again. COPY: one connection, 1,000 events a command.",
  prepare: (setting) => compare(setting, { isNew: false, callers: [10, 100, 1_000], streamId: () => "cart-hot", targets: () => [] }),
};
