import { refuseUnknownOfAppend } from "../append/encode.ts";
import type { StreamAppend } from "../append/types.ts";
import { checkExpectedVersion } from "../arguments/expected-version.ts";
import { checkStreamId } from "../arguments/names.ts";
import { describeValue } from "../arguments/describe-value.ts";
import type { MultiStreamDecider } from "../commands/decider.ts";
import { checkDecision } from "../commands/decision.ts";
import { expectationOf } from "../commands/over-streams.ts";
import { StreamDiscovery } from "../commands/stream-discovery.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { VersionConflictError } from "../errors/appending.ts";
import { decodedParts } from "../catalogue/event-codec.ts";
import { asRecorded, type Event, type ExpectedVersion, type NewEvent } from "../model/event.ts";
import { checkedFold } from "../read/evolve.ts";
import { GivenLog } from "./given-log.ts";
import type { Plot } from "./scenario-decision.ts";
import type { ScenarioEvents } from "./scenario-events.ts";
import { after, all, asExpected, asGiven, asStored, type Awaitable, partsOf } from "./stored-events.ts";

/** Reads, decides and appends as `executeCommand` does, on a log in memory. */
export function streamsPlot<State, Command, E extends Event>(
  decider: MultiStreamDecider<State, Command, E, Event>,
  given: readonly (NewEvent & { readonly streamId: string })[],
  shapes: ScenarioEvents,
): Awaitable<Plot<Command, StreamAppend<E>, StreamAppend>> {
  const { initialState, evolve } = checkedFold(decider, "decider");
  const decoder = shapes.codec.decoder();
  const log = new GivenLog();
  let versions: ReadonlyMap<string, number> = new Map();
  const plot: Plot<Command, StreamAppend<E>, StreamAppend> = {
    decide(command) {
      const discovery = new StreamDiscovery(decider, command);
      let state = initialState();
      while (discovery.next(state).length > 0) {
        const read = log.read<E>(decoder, ({ streamId }) => discovery.streamIds.has(streamId));
        state = read.reduce<State>(evolve, initialState());
      }
      versions = new Map(Array.from(discovery.streamIds, (streamId) => [streamId, log.versionOf(streamId)]));
      return decider.decide(command, state);
    },
    settle(decided) {
      const parts = checkParts(checkDecision(decided), "decided").map((part) => ({ ...part, ...expectationOf(part, versions) }));
      refuseTwice(parts);
      for (const part of parts) refuseConflict(log, part);
      const stored = parts.map(({ events }, index) => asStored(checkDecision(events, `decide[${index}].events`), `decided[${index}].events`, shapes));
      return after(all(stored), (appended) =>
        decided.map((part, index) => {
          const added = appended[index]?.flatMap((event) => decodedParts(log.add(event, part.streamId), decoder)) ?? [];
          return { ...part, events: added.map((event) => asRecorded<E>(event)) };
        }),
      );
    },
    expected: (parts) => checkParts(parts, "then").map((part, index) => ({ ...part, events: asExpected<E>(part.events, `then[${index}].events`, shapes) })),
    compared: ({ streamId, events, expectedVersion }, expectation) => ({
      streamId,
      events: events.map((event, index) => partsOf(event, expectation.events[index] ?? event)),
      ...(expectation.expectedVersion !== undefined && { expectedVersion: expectedVersion ?? "any" }),
    }),
  };
  return after(asGiven(given, "given", shapes), (stored) => {
    for (const [index, { streamId, ...event }] of stored.entries()) log.add(event, checkStreamId(streamId, `given[${index}].streamId`));
    return plot;
  });
}

function checkParts<E extends Event>(parts: readonly StreamAppend<E>[], path: string): readonly StreamAppend<E>[] {
  if (!Array.isArray(parts)) throw new InvalidArgumentError(path, `must be an array of { streamId, events }, not ${describeValue(parts)}; write [] for none`);
  return Array.from(parts, (part: StreamAppend<E>, index) => {
    refuseUnknownOfAppend(part, () => `${path}[${index}]`);
    return part;
  });
}

function refuseTwice(parts: readonly StreamAppend[]): void {
  for (const [index, { streamId }] of parts.entries()) {
    checkStreamId(streamId, `decided[${index}].streamId`);
    if (parts.findIndex((part) => part.streamId === streamId) < index)
      throw new InvalidArgumentError(`decided[${index}].streamId`, `is ${JSON.stringify(streamId)} once more; put all events of a stream into one part`);
  }
}

function refuseConflict(log: GivenLog, { streamId, expectedVersion }: StreamAppend): void {
  const expected = checkExpectedVersion(expectedVersion, "expectedVersion");
  const actual = log.versionOf(streamId);
  if (!holds(expected, actual, log.positionOf(streamId))) throw new VersionConflictError([{ streamId, expected, actual }]);
}

function holds(expected: ExpectedVersion, version: number, position: number): boolean {
  if (expected === "any") return true;
  if (expected === "no-stream") return version === 0;
  if (expected === "stream-exists") return version > 0;
  return typeof expected === "number" ? version === expected : position <= expected.unchangedSince;
}
