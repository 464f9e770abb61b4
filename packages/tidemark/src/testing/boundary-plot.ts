import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { checkStreamId } from "../arguments/names.ts";
import { streamOfDecision } from "../commands/over-query.ts";
import type { BoundaryDecider } from "../commands/decider.ts";
import { checkDecision } from "../commands/decision.ts";
import { defaultStreamFor } from "../append/default-stream.ts";
import { decodedParts } from "../catalogue/event-codec.ts";
import { checkQueryTypes } from "../commands/decider-events.ts";
import { asRecorded, type Event, type NewEvent, type RecordedEvent } from "../model/event.ts";
import { checkedFold } from "../read/evolve.ts";
import { GivenLog, streamOf } from "./given-log.ts";
import type { Plot } from "./scenario-decision.ts";
import type { ScenarioEvents } from "./scenario-events.ts";
import { after, asExpected, asGiven, asStored, type Awaitable, partsOf } from "./stored-events.ts";

/** Reads what matches, decides and appends as `executeCommand` does, on a log in memory. */
export function boundaryPlot<State, Command, E extends Event>(
  decider: BoundaryDecider<State, Command, E, Event>,
  given: readonly (NewEvent & { readonly streamId?: string })[],
  shapes: ScenarioEvents,
): Awaitable<Plot<Command, NewEvent<E>, NewEvent>> {
  const { initialState, evolve } = checkedFold(decider, "decider");
  const newest = shapes.codec.decoder();
  const log = new GivenLog();
  let settleInto: (decided: readonly NewEvent[]) => string;
  const plot: Plot<Command, NewEvent<E>, NewEvent> = {
    decide(command) {
      const query = checkBoundaryQuery(typeof decider.query === "function" ? decider.query(command) : decider.query, "decider.query");
      checkQueryTypes(decider, query);
      const decoder = shapes.codec.decoder({ filter: query });
      const found = log.read<E>(decoder, (event) => (decoder.filter ?? query).some(({ types, tags }) => matches(event, types, tags)));
      settleInto = (decided) => streamOfDecision(decider, command, decided).streamId ?? defaultStreamFor(decided);
      return decider.decide(command, found.reduce<State>(evolve, initialState()));
    },
    settle: (decided) =>
      after(asStored(checkDecision(decided), "decided", shapes), (stored) => {
        if (stored.length === 0) return [];
        const streamId = checkStreamId(settleInto(stored), "decider.streamId");
        return stored.flatMap((event) => decodedParts(log.add(event, streamId), newest)).map((event) => asRecorded<E>(event));
      }),
    expected: (events) => asExpected<E>(events, "then", shapes),
    compared: partsOf,
  };
  return after(asGiven(given, "given", shapes), (stored) => {
    for (const event of stored) log.add(event, checkStreamId(streamOf(event), "given.streamId"));
    return plot;
  });
}

/** One of the types, and all of the tags. */
function matches(event: RecordedEvent, types: readonly string[] | undefined, tags: readonly string[] | undefined): boolean {
  return (types === undefined || types.includes(event.type)) && (tags ?? []).every((tag) => event.tags.includes(tag));
}
