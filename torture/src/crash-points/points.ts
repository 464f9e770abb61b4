import { setTimeout as delay } from "node:timers/promises";
import type { Message, Proxy, Side, Verdict } from "@tidemark/servers";

/** A message of a call: which one that its side sends, counted from the call's beginning. */
export interface Point {
  readonly side: Side;
  readonly name: string;
  readonly ordinal: number;
}

/** How a connection breaks at a message. Late: it is held beyond the client's patience, and then goes on. */
export const breaks = ["drop-connection-before", "drop-connection-after", "half-close", "swallow", "late"] as const;
export type Break = (typeof breaks)[number];

/** Longer than a statement may take in these cases. */
const lateMs = 1_400;
const quietMs = 60;

/** Waits until nothing has gone through for a while: a store tells others of its appends a moment later. */
export async function untilQuiet(proxy: Proxy): Promise<void> {
  let messages = 0;
  const count = (): void => void messages++;
  const forget = [proxy.on("frontend", count), proxy.on("backend", count)];
  for (let before = -1; before !== messages; await delay(quietMs)) before = messages;
  for (const each of forget) each();
}

/** Lists the messages that go through while `work` runs. */
export async function recordPoints(proxy: Proxy, work: () => Promise<void>): Promise<Point[]> {
  const points: Point[] = [];
  const record = (side: Side) => {
    let ordinal = 0;
    return ({ name }: Message): void => void points.push({ side, name, ordinal: ordinal++ });
  };
  const forget = [proxy.on("frontend", record("frontend")), proxy.on("backend", record("backend"))];
  await work();
  for (const each of forget) each();
  return points;
}

/** What became of a break. */
export interface Struck {
  /** Whether the message has come. */
  readonly yet: () => boolean;
  /** Resolves once a message that is held has gone on, and what comes of it; at once where none is. */
  readonly goneOn: () => Promise<void>;
}

/** Breaks the connection at one message from now on. */
export function breakAt(proxy: Proxy, { side, ordinal }: Point, how: Break): Struck {
  let next = 0;
  let struck = false;
  let held: Promise<void> | undefined;
  proxy.on(side, async (): Promise<Verdict> => {
    if (next++ !== ordinal) return "pass";
    struck = true;
    if (how !== "late") return how;
    held = delay(lateMs);
    await held;
    return "pass";
  });
  return {
    yet: () => struck,
    async goneOn() {
      await held;
      if (held) await untilQuiet(proxy);
    },
  };
}
