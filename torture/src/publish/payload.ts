import { hash } from "../random.ts";
import { shortId } from "../history/short-id.ts";

/** What a message of the outbox holds, by its id. */
export function payloadOf(id: string): { readonly number: number; readonly text: string } {
  const number = hash(shortId(id));
  return { number, text: `"\u{1f375}\\ ${number % 97}` };
}
