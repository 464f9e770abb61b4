import type { Decider } from "../commands/decider.ts";
import { checkDecision } from "../commands/decision.ts";
import type { Event, NewEvent } from "../model/event.ts";
import { checkedFold } from "../read/evolve.ts";
import { GivenLog } from "./given-log.ts";
import type { Plot } from "./scenario-decision.ts";
import type { ScenarioEvents } from "./scenario-events.ts";
import { after, asEvolved, asExpected, asGiven, asStored, type Awaitable, partsOf } from "./stored-events.ts";

export function deciderPlot<State, Command, E extends Event>(
  decider: Decider<State, Command, E, Event>,
  given: readonly NewEvent[],
  shapes: ScenarioEvents,
): Awaitable<Plot<Command, NewEvent<E>, NewEvent>> {
  const { decide } = decider;
  const { initialState, evolve } = checkedFold(decider, "decider");
  const log = new GivenLog();
  return after(asGiven(given, "given", shapes), (history) => {
    let state = asEvolved<E>(history, log, shapes).reduce<State>(evolve, initialState());
    return {
      decide: (command) => decide(command, state),
      settle: (decided) =>
        after(asStored(checkDecision(decided), "decided", shapes), (stored) => {
          const events = asEvolved<E>(stored, log, shapes);
          state = events.reduce<State>(evolve, state);
          return events;
        }),
      expected: (events) => asExpected<E>(events, "then", shapes),
      compared: partsOf,
    };
  });
}
