import type { Decider } from "../commands/decider.ts";
import { checkDecision } from "../commands/decision.ts";
import type { Event, NewEvent } from "../model/event.ts";
import { checkedFold } from "../read/evolve.ts";
import type { Plot } from "./scenario-decision.ts";
import { asExpected, asGiven, asStored, partsOf } from "./stored-events.ts";

export function deciderPlot<State, Command, E extends Event>(decider: Decider<State, Command, E>, given: readonly NewEvent<E>[]): Plot<Command, NewEvent<E>> {
  const { decide } = decider;
  const { initialState, evolve } = checkedFold(decider, "decider");
  let state = asGiven<E>(given, "given").reduce(evolve, initialState());
  return {
    decide: (command) => decide(command, state),
    settle(decided) {
      const stored = asStored<E>(checkDecision(decided), "decided");
      state = stored.reduce(evolve, state);
      return stored;
    },
    expected: (events) => asExpected<E>(events, "then"),
    compared: partsOf,
  };
}
