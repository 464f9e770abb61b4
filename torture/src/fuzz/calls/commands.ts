import { decider, handleCommand } from "tidemark";
import { type Call, OwnError, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import type { ModelEvent } from "../model.ts";

interface Decide {
  readonly what: "write" | "nothing" | "throw" | "later";
  readonly events: readonly ModelEvent[];
}

const numbers = decider<readonly number[], Decide, { readonly type: string; readonly data: { readonly n: number } }>({
  name: "fuzz-numbers",
  initialState: () => [],
  evolve: (state, { data }) => [...state, data.n],
  async decide({ what, events }) {
    if (what === "throw") throw new OwnError("decide threw");
    if (what === "later") await new Promise((resolve) => setImmediate(resolve));
    return what === "nothing" ? [] : events.map(({ type, n }) => ({ type, data: { n } }));
  },
  snapshot: { every: 5, stateVersion: 1 },
});

const command: Call = {
  name: "handleCommand",
  async run(actor) {
    const { store, model, random } = actor;
    const streamId = actor.stream();
    const events = actor.events(3);
    const what = random.pick<Decide["what"]>(["write", "write", "nothing", "throw", "later"]);
    const outcome = await outcomeOf(() => handleCommand(store, numbers, streamId, { what, events }));
    if ("error" in outcome) return what === "throw" ? wrongError(outcome.error) : `a command failed: ${String(wrongError(outcome.error) ?? outcome.error)}`;
    if (what === "write" || what === "later") model.append(streamId, events);
    const { state, version } = outcome.value;
    const wanted = model.events(streamId).map(({ n }) => n);
    return version === wanted.length && state.join() === wanted.join()
      ? undefined
      : `a command on ${streamId} returned ${state.join()} at ${version}, not ${wanted.join()}`;
  },
};

export const commandCalls: readonly Call[] = [command];
