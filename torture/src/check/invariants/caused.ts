import { timedOut } from "../../errands/inputs.ts";
import type { ErrandEvent } from "../../history/final.ts";
import { expectedOf } from "../errands/expected.ts";
import { type ErrandInput, instancesOf, placeOf } from "../errands/instances.ts";
import { timersOf } from "../errands/timers.ts";
import type { Invariant } from "../invariant.ts";
import { eventsByOrigin } from "./commands-once.ts";

export const caused: Invariant = {
  id: "P6",
  title: "What a process writes, its timers too, names the input as its cause and carries its correlation",
  check({ final: { errands } }, { checked, anomaly }) {
    if (!errands) return;
    const written = eventsByOrigin(errands.events);
    const fired = new Map(errands.events.filter(([, , , type]) => type === timedOut).map((event) => [event[1], event]));
    const compare = ([position, id, , , , correlationId, causationId]: ErrandEvent, cause: ErrandInput): void => {
      checked();
      const wanted = cause.correlationId ?? cause.id;
      if (causationId !== cause.id || correlationId !== wanted)
        anomaly(`${id} at ${position} has cause ${causationId} and correlation ${correlationId}; its input was ${cause.id}, of ${wanted}`);
    };
    for (const instance of instancesOf(errands)) {
      for (const { input, path, cause } of expectedOf(instance))
        for (const event of written.get(`${instance.name} ${placeOf(input, path)}`) ?? []) compare(event, cause);
      for (const { id, input } of timersOf(instance).set) {
        const [event, cause] = [fired.get(id), instance.line[input - 1]];
        if (event && cause) compare(event, cause);
      }
    }
  },
};
