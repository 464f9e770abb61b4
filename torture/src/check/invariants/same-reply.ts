import type { Invariant } from "../invariant.ts";
import { triesOf } from "./acknowledged-stays.ts";

export const sameReply: Invariant = {
  id: "L7",
  title: "Every reply to the same append is the same, and tells where its events are",
  check({ histories, log }, { checked, anomaly }) {
    for (const tries of triesOf(histories.appends).values()) {
      for (const { name, outcome, call, results } of tries) {
        if (outcome !== "ok") continue;
        for (const [index, { stream, ids }] of call.parts.entries()) {
          const lastId = ids.at(-1);
          if (lastId === undefined) continue;
          checked();
          const [version, position] = results[index] ?? [];
          const event = log.byId.get(lastId);
          if (event && (event.version !== version || event.position !== position || event.stream !== stream)) {
            anomaly(`${name} was told ${stream} ${version} at ${position}, and ${lastId} is ${event.stream} ${event.version} at ${event.position}`);
          }
          const firstVersion = (log.byId.get(ids[0] ?? "")?.version ?? 0) + ids.length - 1;
          if (event && firstVersion !== event.version) anomaly(`${name}: the events of ${stream} do not stand one behind the other`);
        }
      }
    }
  },
};
