import type { Comparison, Scenario, Setting } from "../scenario.ts";
import { commandOpeners, type CommandSubject, openSnapshotCommands, openTidemarkCommands, takeSnapshots } from "../subjects/commands.ts";
import { openWithEvents } from "../subjects/filled.ts";
import { contestant } from "../subjects/open.ts";

/** As `openWithEvents` fills them. */
const streams = 50;
const streamIds = Array.from({ length: streams }, (_, n) => `cart-${n}`);
const anyStream = (): string => streamIds[Math.floor(Math.random() * streams)] ?? "";
const longStream = 1_000;

function callers(count: number): string {
  return count === 1 ? "1 caller" : `${count} callers`;
}

async function compare(setting: Setting, streamId: () => string): Promise<readonly Comparison[]> {
  const subjects: CommandSubject[] = [];
  for (const open of commandOpeners(setting.withPeers)) subjects.push((await openWithEvents(setting, open, streams * 100)).subject);
  return [1, 10, 100].map((count): Comparison => ({
    label: callers(count),
    subject: "Tidemark",
    contestants: subjects.map((subject) => contestant(subject.name, count, (giveUp) => subject.handle(streamId(), giveUp))),
    targets: count === 100 ? [{ against: "Emmett", atLeast: 4 }] : [],
  }));
}

export const commands: Scenario = {
  number: 40,
  title: "Handle a command on a new stream",
  about: "Every command reads its stream, which nobody used before, decides one event, and appends it at the version that was read.",
  unit: "commands/s",
  prepare(setting) {
    let next = 0;
    return compare(setting, () => `order-${next++}`);
  },
};

export const commandsOnStreams: Scenario = {
  number: 41,
  title: "Handle a command on one of 50 streams of 100 events and more",
  about: "Every command reads a stream chosen at random, decides one event, and appends it at the version that was read; who loses a race decides again.",
  unit: "commands/s",
  prepare: (setting) => compare(setting, anyStream),
};

export const commandsWithSnapshots: Scenario = {
  number: 42,
  title: "Handle a command on a stream of 1,000 events, with a snapshot and without",
  about: "Every command appends one event to one of 50 streams of 1,000 events and more; a snapshot is taken for every 100 events.",
  unit: "commands/s",
  async prepare(setting) {
    const { subject: whole } = await openWithEvents(setting, openTidemarkCommands, streams * longStream);
    const { subject: kept, url } = await openWithEvents(setting, openSnapshotCommands, streams * longStream);
    await takeSnapshots(url, streamIds);
    return [1, 10, 100].map((count): Comparison => ({
      label: callers(count),
      subject: kept.name,
      contestants: [kept, whole].map((subject) => contestant(subject.name, count, () => subject.handle(anyStream()))),
      targets: [{ against: whole.name, atLeast: 5 }],
    }));
  },
};
