import { randomInt } from "node:crypto";

/** The protocol's: from this moment on, in intervals of 20 seconds. */
const epochMs = Date.UTC(2024, 9, 9);
const intervalMs = 20_000;
const mostJitter = 180;

/**
 * The cursor of a live answer: it changes with time, so that no cache gives a client the same empty answer for ever. Always beyond the one
 * that the client sent.
 */
export function cursorAfter(sent: string | null): string {
  const current = currentCursor();
  const before = sent !== null && /^\d{1,15}$/.test(sent) ? Number(sent) : -1;
  return `${before < current ? current : before + randomInt(1, mostJitter)}`;
}

/** The cursor of this moment. */
export function currentCursor(): number {
  return Math.floor((Date.now() - epochMs) / intervalMs);
}
