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
import type { Event, ExpectedVersion, NewEvent } from "../model/event.ts";
import { checkedFold } from "../read/evolve.ts";
import type { Plot } from "./scenario-decision.ts";
import { asExpected, asGiven, asStored, GivenLog, partsOf } from "./stored-events.ts";

/** Reads, decides and appends as `executeCommand` does, on a log in memory. */
export function streamsPlot<State, Command, E extends Event>(
  decider: MultiStreamDecider<State, Command, E>,
  given: readonly (NewEvent<E> & { readonly streamId: string })[],
): Plot<Command, StreamAppend<E>> {
  const { initialState, evolve } = checkedFold(decider, "decider");
  const log = new GivenLog<E>();
  for (const [index, { streamId, ...event }] of asGiven<E, NewEvent<E> & { readonly streamId: string }>(given, "given").entries()) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is left is the event that the stream was added to
    log.add(event as unknown as NewEvent<E>, checkStreamId(streamId, `given[${index}].streamId`));
  }
  let versions: ReadonlyMap<string, number> = new Map();
  return {
    decide(command) {
      const discovery = new StreamDiscovery(decider, command);
      let state = initialState();
      while (discovery.next(state).length > 0) {
        const read = log.events.filter(({ streamId }) => discovery.streamIds.has(streamId));
        state = read.reduce(evolve, initialState());
      }
      versions = new Map(Array.from(discovery.streamIds, (streamId) => [streamId, log.versionOf(streamId)]));
      return decider.decide(command, state);
    },
    settle(decided) {
      const parts = checkParts(checkDecision(decided), "decided").map((part) => ({ ...part, ...expectationOf(part, versions) }));
      refuseTwice(parts);
      for (const part of parts) refuseConflict(log, part);
      return decided.map((part, index) => {
        const events = asStored<E>(checkDecision(part.events, `decide[${index}].events`), `decided[${index}].events`);
        for (const event of events) log.add(event, part.streamId);
        return { ...part, events };
      });
    },
    expected: (parts) => checkParts(parts, "then").map((part, index) => ({ ...part, events: asExpected<E>(part.events, `then[${index}].events`) })),
    compared: ({ streamId, events, expectedVersion }, expectation) => ({
      streamId,
      events: events.map((event, index) => partsOf(event, expectation.events[index] ?? event)),
      ...(expectation.expectedVersion !== undefined && { expectedVersion: expectedVersion ?? "any" }),
    }),
  };
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

function refuseConflict<E extends Event>(log: GivenLog<E>, { streamId, expectedVersion }: StreamAppend<E>): void {
  const expected = checkExpectedVersion(expectedVersion, "expectedVersion");
  const actual = log.versionOf(streamId);
  if (!holds(expected, actual, log.events.findLast((event) => event.streamId === streamId)?.position ?? 0))
    throw new VersionConflictError([{ streamId, expected, actual }]);
}

function holds(expected: ExpectedVersion, version: number, position: number): boolean {
  if (expected === "any") return true;
  if (expected === "no-stream") return version === 0;
  if (expected === "stream-exists") return version > 0;
  return typeof expected === "number" ? version === expected : position <= expected.unchangedSince;
}
