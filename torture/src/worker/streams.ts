import { randomUUID } from "node:crypto";
import type { Expected } from "../history/entry.ts";
import type { Random } from "../random.ts";
import type { KnownVersions } from "./versions.ts";

/** Four everybody fights for, two hundred that some meet on, and any number that one append creates. */
export function chooseStream(random: Random): string {
  const chance = random.next();
  if (chance < 0.25) return `hot-${random.between(0, 3)}`;
  if (chance < 0.8) return `warm-${random.between(0, 199)}`;
  return `new-${randomUUID()}`;
}

/** Different ones, in the order in which appends lock them: users' own transactions must keep one order too. */
export function chooseStreams(random: Random, count: number): string[] {
  return [...new Set(Array.from({ length: count }, () => chooseStream(random)))].sort();
}

export function chooseExpected(random: Random, versions: KnownVersions, stream: string): Expected {
  const known = versions.at(stream);
  const chance = random.next();
  if (chance < 0.5) return "any";
  if (chance < 0.85) return known;
  if (chance < 0.9) return "stream-exists";
  if (chance < 0.95) return "no-stream";
  return known + random.between(1, 2);
}
