import { consumptionsOf } from "../../consume/consumers.ts";
import { partsOf } from "../../history/content.ts";
import { isPoison } from "../../consume/trouble.ts";
import type { Invariant } from "../invariant.ts";

export const consumedOnce: Invariant = {
  id: "S4",
  title: "A consumer has handled, or put aside, every event that it wants: the checkpoint never ran ahead",
  check({ log, final: { consumed } }, { checked, anomaly }) {
    if (!consumed) return;
    if (consumed.stopped !== undefined) anomaly(`a consumer did not get to the end: ${consumed.stopped}`);
    for (const { name, wants } of consumptionsOf("today")) {
      const handled = new Map(consumed.effects.filter(([consumer]) => consumer === name).map(([, position, id]) => [position, id]));
      const aside = new Set(consumed.letters.filter(([consumer]) => consumer === name).map(([, position]) => position));
      for (const { position, id, stream } of log.events) {
        if (!wants(stream, id)) continue;
        checked();
        // To code that takes it for nothing there was nothing to be done.
        if (partsOf(id, "today").length > 0 && !handled.has(position) && !aside.has(position))
          anomaly(`"${name}" neither handled ${position} (${id} of ${stream}) nor put it aside`);
        if (handled.has(position) && aside.has(position)) anomaly(`"${name}" handled ${position} and put it aside`);
        if (handled.has(position) && handled.get(position) !== id) anomaly(`"${name}" handled ${handled.get(position)} at ${position}, where ${id} is`);
        if (isPoison(id) && name !== "in batches" && !aside.has(position)) anomaly(`"${name}" handled the poison at ${position}`);
        handled.delete(position);
        aside.delete(position);
      }
      for (const position of [...handled.keys(), ...aside]) anomaly(`"${name}" handled or put aside ${position}, which it does not want or which is not there`);
    }
  },
};
