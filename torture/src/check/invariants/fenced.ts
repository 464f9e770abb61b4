import type { Invariant } from "../invariant.ts";

export const fenced: Invariant = {
  id: "S5",
  title: "A shard has one owner at a time: no effect of an earlier owner's follows one of a later owner's",
  check({ final: { consumed } }, { checked, anomaly }) {
    if (!consumed) return;
    const owners = new Map<string, { readonly position: number; readonly fence: number }>();
    for (const [consumer, position, , shard, fence] of consumed.effects.toSorted((a, b) => a[1] - b[1])) {
      checked();
      const key = `"${consumer}", shard ${shard}`;
      const before = owners.get(key);
      if (before && fence < before.fence)
        anomaly(`${key}: ${position} was handled under fence ${fence}, and ${before.position} before it under ${before.fence}`);
      owners.set(key, { position, fence });
    }
  },
};
