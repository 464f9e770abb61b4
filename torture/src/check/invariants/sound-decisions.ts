import { partsOf } from "../../history/content.ts";
import { digestOf, partName } from "../../history/digest.ts";
import type { Invariant } from "../invariant.ts";

export const soundDecisions: Invariant = {
  id: "K1",
  title: "A command's state is made of all events of its streams up to it, each once and in order, with snapshots or without",
  check({ log, histories }, { checked, anomaly }) {
    const states = histories.appends.flatMap(({ name, state, decided }) => [
      ...(state ? [{ name, state }] : []),
      ...(decided ? [{ name: `${name}, as it was decided,`, state: decided }] : []),
    ]);
    for (const { name, state } of states) {
      checked();
      const events = state.streams
        .flatMap(([stream, version]) => (log.streams.get(stream) ?? []).slice(0, version))
        .toSorted((a, b) => a.position - b.position)
        .flatMap(({ id }) => partsOf(id, state.reading ?? "stored").map((_, part, { length }) => (length > 1 ? partName(id, part) : id)));
      const digest = events.reduce((sum, id) => digestOf(sum, id), 0);
      const streams = state.streams.map(([stream, version]) => `${stream} up to ${version}`).join(", ");
      if (state.events !== events.length) anomaly(`${name} counted ${state.events} events of ${streams}, and there are ${events.length}`);
      else if (state.digest !== digest) anomaly(`${name} saw other events of ${streams}, or in another order`);
    }
  },
};
