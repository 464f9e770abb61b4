import { expectedOf } from "../errands/expected.ts";
import { instancesOf, placeOf } from "../errands/instances.ts";
import type { Invariant } from "../invariant.ts";
import { eventsByOrigin } from "./commands-once.ts";

export const commandsInOrder: Invariant = {
  id: "P5",
  title: "The commands of an instance are issued in the order of its inputs and of their effects; what orElse returns, right behind the refused one",
  check({ final: { errands } }, { checked, anomaly }) {
    if (!errands) return;
    const written = eventsByOrigin(errands.events);
    for (const instance of instancesOf(errands)) {
      let [last, before] = [0, ""];
      for (const { input, path } of expectedOf(instance)) {
        const place = placeOf(input, path);
        const positions = (written.get(`${instance.name} ${place}`) ?? []).map(([position]) => position);
        if (positions.length === 0) continue;
        checked();
        if (Math.min(...positions) < last) anomaly(`${instance.name}: ${place} wrote at ${Math.min(...positions)}, and ${before} before it at ${last}`);
        [last, before] = [Math.max(...positions), place];
      }
    }
  },
};
