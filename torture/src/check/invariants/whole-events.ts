import { partsOf } from "../../history/content.ts";
import type { Invariant } from "../invariant.ts";

export const wholeEvents: Invariant = {
  id: "V1",
  title: "A stored event is handled as a whole, by one version of the code: all that it is to that one, in order and in its shape",
  check({ final: { consumed } }, { checked, anomaly }) {
    if (!consumed) return;
    const handlings = new Map<string, { readonly id: string; readonly owner: string; readonly reading: (typeof consumed.effects)[number][6]; parts: number }>();
    for (const [consumer, position, id, shard, fence, part, reading, found] of consumed.effects) {
      checked();
      const key = `"${consumer}": ${position} (${id})`;
      if (found !== null) anomaly(`${key} came as ${found}`);
      const owner = `shard ${shard} under fence ${fence} as ${reading}`;
      const handling = handlings.get(key) ?? { id, owner, reading, parts: 0 };
      if (handling.owner !== owner) anomaly(`${key} was handled by ${handling.owner}, and its part ${part} by ${owner}`);
      if (handling.parts !== part) anomaly(`${key}: part ${part} was handled where part ${handling.parts} should have been`);
      handling.parts++;
      handlings.set(key, handling);
    }
    for (const [key, { id, reading, parts }] of handlings) {
      const wanted = partsOf(id, reading).length;
      if (parts !== wanted) anomaly(`${key}: ${parts} of ${wanted} parts were handled`);
    }
  },
};
