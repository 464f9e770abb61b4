import { DefinedEvents } from "./defined-events.ts";

/**
 * A catalogue that reads events in their newest shapes as they would be stored today: plain JSON, in which dates and big integers are
 * what `stored` makes of them. For what shows events as text. Nothing may be appended with it: it checks and encodes nothing.
 */
export function inStoredForm({ shapes, retired }: DefinedEvents): DefinedEvents {
  const plain = [...shapes].map(([type, shape]) => [type, { ...shape, stored: undefined, checks: false }] as const);
  return new DefinedEvents({ shapes: new Map(plain), retired });
}
