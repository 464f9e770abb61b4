import { partsOf } from "../../history/content.ts";
import type { Invariant } from "../invariant.ts";

export const lettersUpToDate: Invariant = {
  id: "V2",
  title: "A dead letter, whichever code left it, is handled once by today's when it is tried again, in the shape that this knows",
  check({ log, final: { consumed } }, { checked, anomaly }) {
    if (!consumed?.retried) return;
    const { positions, effects, left } = consumed.retried;
    const byPosition = new Map(log.events.map((event) => [event.position, event]));
    const handled = new Map<number, number>();
    for (const [, position, id, , , part, , found] of effects) {
      if (found !== null) anomaly(`the letter at ${position} (${id}) came as ${found}`);
      if (part !== (handled.get(position) ?? 0))
        anomaly(`the letter at ${position} (${id}): part ${part} was handled where part ${handled.get(position) ?? 0} should have been`);
      handled.set(position, (handled.get(position) ?? 0) + 1);
    }
    for (const position of positions) {
      checked();
      const wanted = partsOf(byPosition.get(position)?.id ?? "", "today, lines as before").length;
      const parts = handled.get(position) ?? 0;
      if (parts !== wanted && !left.includes(position)) anomaly(`the letter at ${position} is settled, and ${parts} of its ${wanted} parts were handled`);
      handled.delete(position);
    }
    for (const position of left) anomaly(`the letter at ${position} was tried again, and is there still`);
    for (const position of handled.keys()) anomaly(`${position} was handled as a letter, and was none`);
  },
};
