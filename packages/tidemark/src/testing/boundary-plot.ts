import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { checkStreamId } from "../arguments/names.ts";
import { streamOfDecision } from "../commands/over-query.ts";
import type { BoundaryDecider } from "../commands/decider.ts";
import { checkDecision } from "../commands/decision.ts";
import { defaultStreamFor } from "../append/default-stream.ts";
import type { Event, NewEvent, RecordedEvent } from "../model/event.ts";
import { checkedFold } from "../read/evolve.ts";
import type { Plot } from "./scenario-decision.ts";
import { asExpected, asGiven, asStored, GivenLog, partsOf, streamOf } from "./stored-events.ts";

/** Reads what matches, decides and appends as `executeCommand` does, on a log in memory. */
export function boundaryPlot<State, Command, E extends Event>(
  decider: BoundaryDecider<State, Command, E>,
  given: readonly (NewEvent<E> & { readonly streamId?: string })[],
): Plot<Command, NewEvent<E>> {
  const { initialState, evolve } = checkedFold(decider, "decider");
  const log = new GivenLog<E>();
  for (const event of asGiven<E, NewEvent<E> & { readonly streamId?: string }>(given, "given"))
    log.add(event, checkStreamId(streamOf(event), "given.streamId"));
  let settleInto: (decided: readonly NewEvent<E>[]) => string;
  return {
    decide(command) {
      const query = checkBoundaryQuery(typeof decider.query === "function" ? decider.query(command) : decider.query, "decider.query");
      const found = log.events.filter((event) => query.some(({ types, tags }) => matches(event, types, tags)));
      settleInto = (decided) => streamOfDecision(decider, command, decided).streamId ?? defaultStreamFor(decided);
      return decider.decide(command, found.reduce(evolve, initialState()));
    },
    settle(decided) {
      const stored = asStored<E>(checkDecision(decided), "decided");
      if (stored.length === 0) return [];
      const streamId = checkStreamId(settleInto(stored), "decider.streamId");
      for (const event of stored) log.add(event, streamId);
      return stored;
    },
    expected: (events) => asExpected<E>(events, "then"),
    compared: partsOf,
  };
}

/** One of the types, and all of the tags. */
function matches(event: RecordedEvent, types: readonly string[] | undefined, tags: readonly string[] | undefined): boolean {
  return (types === undefined || types.includes(event.type)) && (tags ?? []).every((tag) => event.tags.includes(tag));
}
