import { isTidemarkError } from "tidemark";
import { type Call, newEvents, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import { unprojectable } from "../projections.ts";
import { append, expectation } from "./expectations.ts";

const appendOne: Call = { name: "appendToStream", run: (actor) => append(actor, actor.stream()) };

/** An append that an inline projection refuses writes nothing, and nothing of its neighbours' is refused with it. */
const appendRefused: Call = {
  name: "appendToStream, refused by a projection",
  async run(actor) {
    const [streamId, other] = [actor.stream(), actor.stream()];
    const sent = [...newEvents(actor.events(2)), { type: unprojectable, data: {} }];
    const [outcome, beside] = await Promise.all([
      outcomeOf(() => actor.store.appendToStream(streamId, sent)),
      streamId === other ? undefined : append(actor, other),
    ]);
    if ("value" in outcome) return `an event that has no document was appended to ${streamId}`;
    if (!isTidemarkError(outcome.error, "PROJECTION_FAILED")) return String(wrongError(outcome.error) ?? outcome.error);
    return beside;
  },
};

const appendSeveral: Call = {
  name: "appendToStreams",
  async run(actor) {
    const { store, model, random } = actor;
    const ids = [...new Set(Array.from({ length: random.between(1, 4) }, () => actor.stream()))];
    const parts = ids.map((streamId) => ({ streamId, events: actor.events(2), expectedVersion: expectation(actor, streamId) }));
    const accepted = parts.every(({ streamId, expectedVersion }) => model.accepts(streamId, expectedVersion));
    const outcome = await outcomeOf(() => store.appendToStreams(parts.map((part) => ({ ...part, events: newEvents(part.events) }))));
    if ("error" in outcome)
      return accepted || !isTidemarkError(outcome.error, "VERSION_CONFLICT") ? String(wrongError(outcome.error) ?? outcome.error) : undefined;
    for (const { streamId, events } of parts) model.append(streamId, events);
    if (!accepted) return `streams ${ids.join()} were extended against an expectation`;
    return outcome.value.every(({ version }, index) => version === model.version(ids[index] ?? "")) ? undefined : "another version was returned";
  },
};

/** An append whose signal aborts at some moment: it rejects with the reason and wrote nothing, or it tells what it wrote. */
const appendAborted: Call = {
  name: "appendToStream, aborted",
  async run(actor) {
    const { store, model, random } = actor;
    const streamId = actor.stream();
    const events = actor.events(3);
    const controller = new AbortController();
    const appending = outcomeOf(() => store.appendToStream(streamId, newEvents(events), { signal: controller.signal }));
    for (let turns = random.between(0, 6); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const outcome = await appending;
    if ("value" in outcome) model.append(streamId, events);
    return "error" in outcome ? wrongError(outcome.error) : undefined;
  },
};

/** The same events, sent twice under ids of the caller's: they are stored once. */
const appendAgain: Call = {
  name: "appendToStream, again with the same ids",
  async run(actor) {
    const { store, model } = actor;
    const streamId = actor.stream();
    const events = actor.events(3);
    const sent = newEvents(events).map((event) => ({ ...event, id: crypto.randomUUID() }));
    const both = await Promise.all([outcomeOf(() => store.appendToStream(streamId, sent)), outcomeOf(() => store.appendToStream(streamId, sent))]);
    model.append(streamId, events);
    for (const outcome of both) {
      if ("error" in outcome) return String(wrongError(outcome.error) ?? outcome.error);
      if (outcome.value.version !== model.version(streamId)) return `one of the two was told version ${outcome.value.version}`;
    }
    return undefined;
  },
};

/** On a condition that everybody contends for: of those who see the same boundary at most one succeeds, and nothing else is written. */
const appendOnCondition: Call = {
  name: "append on a condition",
  async run(actor) {
    const { store, model } = actor;
    const query = [{ tags: [actor.sharedTag()] }];
    const { boundary, events: seen } = await store.readBoundary(query);
    const [event] = actor.events(1);
    if (!event) return undefined;
    const streamId = actor.stream();
    const outcome = await outcomeOf(() =>
      store.append([{ ...newEvents([event])[0], type: event.type, data: { n: event.n }, tags: query[0]?.tags ?? [] }], {
        streamId,
        condition: { query, after: boundary },
      }),
    );
    if ("error" in outcome) return isTidemarkError(outcome.error, "CONDITION_FAILED") ? undefined : String(wrongError(outcome.error) ?? outcome.error);
    model.append(streamId, [event]);
    const now = await store.readBoundary(query);
    const between = now.events.filter(({ position }) => position < outcome.value.position).length;
    return between === seen.length ? undefined : `${between - seen.length} events stand between a boundary and the append on its condition`;
  },
};

export const appendCalls: readonly Call[] = [appendOne, appendOne, appendRefused, appendSeveral, appendAborted, appendAgain, appendOnCondition];
