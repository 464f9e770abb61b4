import { isPoisonInput } from "../../errands/plan.ts";
import { instancesOf } from "../errands/instances.ts";
import type { Invariant } from "../invariant.ts";

export const inputsOnce: Invariant = {
  id: "P1",
  title: "A process handles every input once, in order: an instance's inputs are its events in the log, and its state their fold",
  check({ final: { errands } }, { checked, anomaly }) {
    if (!errands) return;
    if (errands.stuck !== undefined) anomaly(`the process did not get to its end: ${errands.stuck}`);
    for (const instance of instancesOf(errands)) {
      const { name, status, parked, inputs, handled, late, state, recorded, line, states, parkedAt } = instance;
      const say = (text: string): void => anomaly(`${name}: ${text}`);
      checked(line.length);
      for (const [index, [number, position]] of recorded.entries()) {
        if (number !== index + 1) say(`input ${number} is recorded where ${index + 1} should be`);
        if (line[index]?.position !== position) say(`input ${number} stands at ${position}, where ${line[index]?.position ?? "none"} should be`);
      }
      if (recorded.length !== inputs) say(`it counts ${inputs} inputs, and ${recorded.length} are recorded`);
      if (inputs + late !== line.length) say(`of ${line.length} events it took ${inputs} in and counted ${late} as late`);
      if (late > 0 && status === "running") say(`${late} inputs are late, and it has not ended`);
      // Inputs that wait behind one that failed are handled no more where a refusal ends the instance meanwhile.
      if (handled !== inputs && !(status === "completed" && parkedAt)) say(`${handled} of ${inputs} inputs are folded`);
      if (parked !== null) say(`it is parked at an ${parked}, by code that takes everything`);
      const fold = states[handled];
      if (state.inputs !== fold?.inputs || state.digest !== fold.digest) say(`its state is ${JSON.stringify(state)}, where ${JSON.stringify(fold)} should be`);
      if (parkedAt?.at === "command") say("it was parked at a command, none of which fails for good");
      const poison = line.slice(0, inputs).findIndex(({ id }) => isPoisonInput(id));
      if ((parkedAt?.at === "input" ? parkedAt.input : 0) !== poison + 1)
        say(`it was parked at input ${parkedAt?.input ?? "none"}, and the first that fails is ${poison + 1}`);
    }
  },
};
