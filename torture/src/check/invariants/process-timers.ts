import { instanceOf, timedOut } from "../../errands/inputs.ts";
import { far } from "../../errands/plan.ts";
import { instancesOf } from "../errands/instances.ts";
import { timersOf } from "../errands/timers.ts";
import type { Invariant } from "../invariant.ts";
import { writtenBy } from "./commands-once.ts";

export const processTimers: Invariant = {
  id: "P4",
  title: "A process's timer fires once, or was replaced, cancelled or ended with its instance: then nothing of it comes after what ended it",
  check({ final: { errands } }, { checked, anomaly }) {
    if (!errands) return;
    const fired = new Map(errands.events.filter(([, , , type]) => type === timedOut).map((event) => [event[1], event]));
    const waiting = new Set(errands.timers.map(([instance, key]) => `${instance} ${key}`));
    const written = Map.groupBy(
      errands.events.flatMap(([position, ...rest]) => {
        const origin = writtenBy([position, ...rest]);
        return origin ? [{ position, instance: origin.instance, input: origin.input }] : [];
      }),
      ({ instance }) => instance,
    );
    for (const instance of instancesOf(errands)) {
      const { name } = instance;
      const { set, farIsSet } = timersOf(instance);
      for (const { id, key, input, endedBy } of set) {
        if (key === far) continue;
        checked();
        const event = fired.get(id);
        fired.delete(id);
        const say = (text: string): void => anomaly(`${name}: the timer ${key} of input ${input} (${id}) ${text}`);
        if (!event && !endedBy) say("was neither cancelled nor replaced, and has not fired");
        if (event && instanceOf(event[2]) !== name) say(`fired in ${event[2]}`);
        if (!event || !endedBy) continue;
        const first = written.get(name)?.find((one) => one.input >= endedBy.fromInput);
        if (first && first.position < event[0]) say(`fired at ${event[0]}, behind ${first.position}, which was written once input ${first.input} had ended it`);
      }
      if (waiting.has(`${name} ${far}`) !== farIsSet)
        anomaly(`${name}: its far timer is ${farIsSet ? "gone" : "there"}, and should ${farIsSet ? "be there" : "not be"}`);
    }
    for (const [id, [position, , stream]] of fired) anomaly(`${id} at ${position} of ${stream} is of a timer that was never set`);
  },
};
