import type { Origin } from "../../errands/errands.ts";
import { writtenTypes } from "../../errands/inputs.ts";
import type { ErrandEvent } from "../../history/final.ts";
import { expectedOf, type ExpectedCommand } from "../errands/expected.ts";
import { instancesOf, placeOf } from "../errands/instances.ts";
import type { Invariant } from "../invariant.ts";

/** An event that the process wrote says where it comes from. */
export function writtenBy([, , , type, data]: ErrandEvent): Origin | undefined {
  if (!writtenTypes.some((one) => one === type)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the process; what it says is compared
  return data as Origin;
}

export function eventsByOrigin(events: readonly ErrandEvent[]): ReadonlyMap<string, readonly ErrandEvent[]> {
  return Map.groupBy(events, (event) => {
    const origin = writtenBy(event);
    return origin ? `${origin.instance} ${placeOf(origin.input, origin.path)}` : "";
  });
}

export const commandsOnce: Invariant = {
  id: "P2",
  title: "Each command and append of a process is issued, and writes once: with what its state said, refused where its decider refused it, and orElse after it",
  check({ final: { errands } }, { checked, anomaly }) {
    if (!errands) return;
    const written = new Map(eventsByOrigin(errands.events));
    written.delete("");
    for (const instance of instancesOf(errands)) {
      const rows = new Map(instance.commands);
      for (const expected of expectedOf(instance)) {
        checked();
        const place = placeOf(expected.input, expected.path);
        const [, , , kind, status = "not recorded", , error] = rows.get(place) ?? [];
        rows.delete(place);
        const events = written.get(`${instance.name} ${place}`) ?? [];
        written.delete(`${instance.name} ${place}`);
        const say = (text: string): void => anomaly(`${instance.name}, ${place}: ${text}`);
        if (status !== expected.status || (kind ?? expected.kind) !== expected.kind)
          say(`${kind ?? expected.kind} ${status} ${JSON.stringify(error)}, where ${expected.kind} ${expected.status} should be`);
        const wrong = wrongIn(events, expected);
        if (wrong !== undefined) say(wrong);
      }
      for (const place of rows.keys()) anomaly(`${instance.name}, ${place}: nothing led to it`);
    }
    for (const [origin, [event]] of written) anomaly(`${event?.[1]} at ${event?.[0]} is of ${origin}, which led to nothing`);
  },
};

function wrongIn(events: readonly ErrandEvent[], { streams, state }: ExpectedCommand): string | undefined {
  const found = events.map(([, , stream]) => stream);
  if (found.toSorted().join() !== streams.toSorted().join())
    return `it wrote to ${found.join() || "nothing"}, and should have to ${streams.join() || "nothing"}`;
  const other = events.map(writtenBy).find((origin) => origin?.inputs !== state.inputs || origin.digest !== state.digest);
  return other && `it says ${JSON.stringify(other)}, and its state was ${JSON.stringify(state)}`;
}
