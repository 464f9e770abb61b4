import type { Invariant } from "../invariant.ts";

interface Observation {
  readonly name: string;
  readonly from: number;
  readonly until: number;
  readonly version: number;
}

export const realTimeOrder: Invariant = {
  id: "L4",
  title: "What begins after an append or a read has ended sees at least what that one saw, and nothing from the future",
  check({ histories, log }, { checked, anomaly }) {
    const byStream = new Map<string, Observation[]>();
    const saw = (stream: string, observation: Observation): void => {
      checked();
      const others = byStream.get(stream);
      if (others) others.push(observation);
      else byStream.set(stream, [observation]);
    };
    const sentAt = new Map<string, number>();
    for (const { name, from, until, call, outcome, results, conflicts } of histories.appends) {
      for (const { ids } of call.parts) for (const id of ids) sentAt.set(id.slice(15), Math.min(from, sentAt.get(id.slice(15)) ?? from));
      // A reply to a second try tells of the first, so that it may be old.
      if (outcome === "ok" && call.again !== true)
        for (const [index, { stream }] of call.parts.entries()) saw(stream, { name, from, until, version: results[index]?.[0] ?? 0 });
      for (const [stream, version] of conflicts) saw(stream, { name, from, until, version });
    }
    for (const { name, from, until, call, events } of histories.reads) {
      if (!events) continue;
      // A read of nothing has still looked: the stream is not longer than where it began.
      if (events.length > 0) saw(call.stream, { name, from, until, version: call.from - 1 + events.length });
      else if (call.from === 1) saw(call.stream, { name, from, until, version: 0 });
      for (const [, id] of events) if ((sentAt.get(id) ?? 0) > until) anomaly(`${name} read ${id} of ${call.stream} before it was sent`);
    }
    for (const { name, from, until, call, versions } of histories.snapshots) {
      for (const [index, stream] of call.streams.entries()) if (versions) saw(stream, { name, from, until, version: versions[index] ?? 0 });
    }
    for (const [stream, observations] of byStream) {
      const last = log.streams.get(stream)?.length ?? 0;
      const ended = observations.toSorted((a, b) => a.until - b.until);
      let next = 0;
      let known: Observation | undefined;
      for (const observation of observations.toSorted((a, b) => a.from - b.from)) {
        for (let other = ended[next]; other && other.until < observation.from; other = ended[++next]) {
          if (other.version > (known?.version ?? 0)) known = other;
        }
        if (known && observation.version < known.version)
          anomaly(`${observation.name} saw ${stream} at ${observation.version} after ${known.name} had seen ${known.version}`);
        if (observation.version > last) anomaly(`${observation.name} saw ${stream} at ${observation.version}; it ended at ${last}`);
      }
    }
  },
};
