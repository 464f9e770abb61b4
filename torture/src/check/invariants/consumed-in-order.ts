import type { Invariant } from "../invariant.ts";

export const consumedInOrder: Invariant = {
  id: "S6",
  title: "Events of a stream are handled in order, whoever handles them",
  check({ log, final: { consumed } }, { checked, anomaly }) {
    if (!consumed) return;
    const at = new Map<string, number>();
    for (const [consumer, position, id] of consumed.effects) {
      const event = log.byId.get(id);
      if (!event) continue;
      checked();
      const key = `"${consumer}" ${event.stream}`;
      if (event.version < (at.get(key) ?? 0)) anomaly(`${key}: version ${event.version} at ${position} was handled after version ${at.get(key)}`);
      at.set(key, event.version);
    }
  },
};
