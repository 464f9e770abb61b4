import { hash } from "../random.ts";
import { shortId } from "./content.ts";

/** Of events in an order: another one, one more or less, or another order make another number. */
export function digestOf(digest: number, id: string): number {
  return hash(`${digest} ${shortId(id)}`);
}
