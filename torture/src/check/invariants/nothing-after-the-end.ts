import { endOf } from "../errands/expected.ts";
import { instancesOf } from "../errands/instances.ts";
import type { Invariant } from "../invariant.ts";

export const nothingAfterTheEnd: Invariant = {
  id: "P3",
  title: "An instance ends with the input or the refusal that says so, and only then: no input is folded after it, and none of its timers is left",
  check({ final: { errands } }, { checked, anomaly }) {
    if (!errands) return;
    const owners = Map.groupBy(errands.timers, ([instance]) => instance);
    for (const instance of instancesOf(errands)) {
      const end = endOf(instance);
      const { name, status, handled } = instance;
      if (end) checked();
      if (status !== (end ? "completed" : "running")) anomaly(`${name} is ${status}, and ${end ? `ended after ${end.at} inputs` : "nothing ended it"}`);
      if (end && handled !== end.at) anomaly(`${name} ended after ${end.at} inputs and has folded ${handled}`);
      if (end && owners.has(name))
        anomaly(
          `${name} has ended and still has timers: ${owners
            .get(name)
            ?.map(([, key]) => key)
            .join()}`,
        );
    }
  },
};
