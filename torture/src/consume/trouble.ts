import { shortId } from "../history/content.ts";
import { hash } from "../random.ts";

/** What an event does to its handler: poison fails every attempt, the others only the first. The last blocks each process once. */
export type Trouble = "poison" | "fails once" | "fails once, after its effect" | "hangs once" | "blocks once" | undefined;

export function troubleOf(id: string): Trouble {
  const number = hash(`trouble ${shortId(id)}`) % 2_000;
  if (number < 3) return "poison";
  if (number < 10) return "fails once";
  if (number < 17) return "fails once, after its effect";
  if (number < 18) return "hangs once";
  return hash(`block ${shortId(id)}`) % 12_000 === 0 ? "blocks once" : undefined;
}
