import { createHash, randomBytes } from "node:crypto";

/** Where the processes that have a store's log open tell each other that something was committed. */
export interface Channel {
  /** Safe as an identifier. Channels belong to a database; a store is told from others in it by its schema. */
  readonly name: string;
  /** What this process sends, so that it does not wake by its own notification. */
  readonly own: string;
  /** What it sends where a timer was set that is due soon. */
  readonly ownTimers: string;
  /** What it sends to hear whether it hears; it means nothing to others. */
  readonly probe: string;
}

const timersMark = "!";
const probeMark = "?";

export function channelOf(schema: string): Channel {
  const self = randomBytes(4).toString("hex");
  return {
    name: `tidemark_${createHash("sha256").update(schema).digest("hex").slice(0, 16)}`,
    own: self,
    ownTimers: `${self}${timersMark}`,
    probe: `${self}${probeMark}`,
  };
}

export function isProbe(payload: string): boolean {
  return payload.endsWith(probeMark);
}

export function isOfTimers(payload: string): boolean {
  return payload.endsWith(timersMark);
}
