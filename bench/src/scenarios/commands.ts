import type { Comparison, Scenario, Setting } from "../scenario.ts";
import { commandOpeners, type CommandSubject, openSnapshotCommands, openTidemarkCommands, takeSnapshots } from "../subjects/commands.ts";
import { openWithEvents } from "../subjects/filled.ts";
import { contestant } from "../subjects/open.ts";

/** Of the long ones. */
const streams = 50;
const anyOf = (count: number) => (): string => `cart-${Math.floor(Math.random() * count)}`;
const anyStream = anyOf(streams);
const longStream = 1_000;

function callers(count: number): string {
  return count === 1 ? "1 caller" : `${count} callers`;
}

interface Filling {
  readonly events: number;
  readonly streams: number;
}

async function compare(setting: Setting, streamId: () => string, filling: Filling, atLeast?: number): Promise<readonly Comparison[]> {
  const subjects: CommandSubject[] = [];
  for (const open of commandOpeners(setting.withPeers)) subjects.push((await openWithEvents(setting, open, filling.events, filling.streams)).subject);
  return [1, 10, 100].map((count): Comparison => ({
    label: callers(count),
    subject: "Tidemark",
    contestants: subjects.map((subject) => contestant(subject.name, count, (giveUp) => subject.handle(streamId(), giveUp))),
    targets: count === 100 && atLeast !== undefined ? [{ against: "Emmett", atLeast }] : [],
  }));
}

export const commands: Scenario = {
  number: 40,
  title: "Handle a command on a new stream",
  about: "Every command reads its stream, which nobody used before, decides one event, and appends it at the version that was read.",
  unit: "commands/s",
  prepare(setting) {
    let next = 0;
    return compare(setting, () => `order-${next++}`, { events: 5_000, streams: 50 }, 4);
  },
};

export const commandsOnStreams: Scenario = {
  number: 41,
  title: "Handle a command on one of 5,000 streams of 10 events and more",
  about: "Every command reads a stream chosen at random, decides one event, and appends it at the version that was read; who loses a race decides again.",
  unit: "commands/s",
  prepare: (setting) => compare(setting, anyOf(5_000), { events: 50_000, streams: 5_000 }, 4),
};

export const commandsOnLongStreams: Scenario = {
  number: 43,
  title: "Handle a command on one of 50 streams of 100 events and more",
  about:
    "As above. With more callers than streams most lose a race and decide again, and both spend their time on making events of a hundred rows: snapshots are for such streams.",
  unit: "commands/s",
  prepare: (setting) => compare(setting, anyStream, { events: 100 * streams, streams }),
};

export const commandsWithSnapshots: Scenario = {
  number: 42,
  title: "Handle a command on a stream of 1,000 events, with a snapshot and without",
  about:
    "Every command appends one event to one of 50 streams of 1,000 events and more. The more seldom snapshots are taken, the more events are read behind them.",
  unit: "commands/s",
  async prepare(setting) {
    const { subject: whole } = await openWithEvents(setting, openTidemarkCommands, streams * longStream);
    const kept: CommandSubject[] = [];
    for (const every of [10, 100]) {
      const { subject, url } = await openWithEvents(setting, openSnapshotCommands(every), streams * longStream);
      await takeSnapshots(
        url,
        Array.from({ length: streams }, (_, n) => `cart-${n}`),
      );
      kept.push(subject);
    }
    return [1, 10, 100].map((count): Comparison => ({
      label: callers(count),
      subject: kept[0]?.name ?? "",
      contestants: [...kept, whole].map((subject) => contestant(subject.name, count, () => subject.handle(anyStream()))),
      targets: [{ against: whole.name, atLeast: 5 }],
    }));
  },
};
