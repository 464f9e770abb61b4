import { hash } from "../random.ts";
import { shortId } from "./short-id.ts";

/** As a digest names one of the events that a stored event became. */
export function partName(id: string, part: number): string {
  return `${id} ${part}`;
}

/** Of events in an order: another one, one more or less, or another order make another number. */
export function digestOf(digest: number, id: string): number {
  return hash(`${digest} ${shortId(id)}`);
}
