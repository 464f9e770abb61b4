import type { RecordedEvent } from "tidemark";
import type { Reading } from "../shapes/code.ts";
import { alteration, partsOf } from "./content.ts";

type Wrong = readonly [id: string, found: string];

/** Events of a batch that are not what their ids say, and stored events of which it does not hold all that they became, each with what was found. */
export function misread(batch: readonly RecordedEvent[], reading: Reading): Wrong[] {
  const wrong: Wrong[] = [];
  const byPosition = new Map<number, RecordedEvent[]>();
  for (const event of batch) {
    const found = alteration(event, reading);
    if (found !== undefined) wrong.push([event.id, found]);
    const parts = byPosition.get(event.position);
    if (parts) parts.push(event);
    else byPosition.set(event.position, [event]);
  }
  for (const parts of byPosition.values()) {
    const id = parts[0]?.id ?? "";
    const wanted = partsOf(id, reading).length;
    const numbers = parts.map(({ part = 0 }) => part);
    if (parts.length !== wanted || numbers.some((part, at) => part !== at)) wrong.push([id, `the parts ${numbers.join(", ")} of ${wanted} in one batch`]);
  }
  return wrong;
}
