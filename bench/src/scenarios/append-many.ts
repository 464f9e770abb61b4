import { randomUUID } from "node:crypto";
import type { Comparison, Scenario } from "../scenario.ts";
import { contestant, openCopy, openSubjects } from "../subjects/open.ts";

/** Events of one COPY command in bulk. */
const bulkEvents = 1_000;

export const appendManyEvents: Scenario = {
  number: 4,
  title: "Append 10 or 100 events to a new stream",
  about:
    "Every call creates a stream with all its events. COPY: a command, and a connection of a pool of ten, for each call's rows. COPY in bulk: one connection, 1,000 events a command.",
  async prepare(setting) {
    const subjects = await openSubjects(setting);
    const copy = await openCopy(setting);
    const streamId = (): string => `cart-${randomUUID()}`;
    return [10, 100].flatMap((events) =>
      [1, 10].map((callers): Comparison => ({
        label: `${events} events a call, ${callers === 1 ? "1 caller" : `${callers} callers`}`,
        subject: "Tidemark",
        contestants: [
          ...subjects.map((subject) => contestant(subject.name, callers, () => subject.append(streamId(), events, true))),
          contestant("COPY", callers, () => copy.newStreams([streamId()], events)),
          contestant("COPY in bulk", 1, () => copy.newStreams(Array.from({ length: bulkEvents / events }, streamId), events)),
        ],
        targets: events === 100 ? [{ against: "COPY", atLeast: 0.75 }] : [],
      })),
    );
  },
};
