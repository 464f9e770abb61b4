import type { Message, Proxy, Side, Verdict } from "servers";

/** A message of a call: which one that its side sends, counted from the call's beginning. */
export interface Point {
  readonly side: Side;
  readonly name: string;
  readonly ordinal: number;
}

/** How a connection breaks at a message. Late: it is held beyond the client's patience, and then goes on. */
export const breaks = ["drop-connection-before", "drop-connection-after", "swallow", "late"] as const;
export type Break = (typeof breaks)[number];

/** Longer than a statement may take in these cases. */
const lateMs = 1_400;

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

/** Breaks the connection at one message from now on. Returns whether it has come. */
export function breakAt(proxy: Proxy, { side, ordinal }: Point, how: Break): () => boolean {
  let next = 0;
  let struck = false;
  proxy.on(side, async (): Promise<Verdict> => {
    if (next++ !== ordinal) return "pass";
    struck = true;
    if (how !== "late") return how;
    await new Promise((resolve) => setTimeout(resolve, lateMs));
    return "pass";
  });
  return () => struck;
}
