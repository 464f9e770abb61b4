import { shortId } from "../history/short-id.ts";
import { hash } from "../random.ts";
import { hasShapes } from "../shapes/shapes.ts";

/**
 * What an event does to its handler: poison fails every attempt, ends the transaction or leaves it something that cannot be committed; the others
 * fail only the first. The last blocks each process once.
 */
export type Trouble =
  | "poison"
  | "ends the transaction"
  | "cannot be committed"
  | "fails once"
  | "fails once, after its effect"
  | "hangs once"
  | "blocks once"
  | undefined;

export function troubleOf(id: string): Trouble {
  const number = hash(`trouble ${shortId(id)}`) % 2_000;
  // There are fewer of them, and a short run has to leave letters too. Nothing of their streams waits behind them for long.
  if (hasShapes(id) && number >= 1_960) return "poison";
  if (number < 3) return "poison";
  if (number < 10) return "fails once";
  if (number < 17) return "fails once, after its effect";
  if (number < 18) return "hangs once";
  if (number < 20) return "ends the transaction";
  if (number < 21) return "cannot be committed";
  return hash(`block ${shortId(id)}`) % 12_000 === 0 ? "blocks once" : undefined;
}

/** No attempt at it succeeds. */
export function isPoison(id: string): boolean {
  return ["poison", "ends the transaction", "cannot be committed"].includes(troubleOf(id) ?? "");
}
