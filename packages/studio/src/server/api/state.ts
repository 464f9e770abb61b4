import { type EventStore, isTidemarkError, type RecordedEvent } from "tidemark";
import type { StatePage, StateReport } from "../../wire/state-reports.ts";
import { eventDocuments } from "../events/event-documents.ts";
import { maskedDerived } from "../events/mask.ts";
import { valueText } from "../events/value-text.ts";
import type { StudioDecider, ValidOptions } from "../options.ts";
import type { Call } from "./call.ts";
import { numberOf, required } from "./parameters.ts";
import { AbsentError } from "./problem.ts";
import { streamLine } from "./streams.ts";

/** What a stream's events come to at one of its versions, and at the one before. */
export async function state({ store, query, signal, options }: Call): Promise<StatePage> {
  const streamId = required(query, "id");
  const wanted = numberOf(query, "version");
  const info = await store.streamInfo(streamId, { signal });
  if (!info.exists) throw new AbsentError(`There is no stream ${JSON.stringify(streamId)}.`);
  const version = Math.min(wanted ?? info.version, info.version);
  const at = version === 0 ? [] : await store.readStream(streamId, { fromVersion: version, toVersion: version, raw: true, signal }).toArray();
  const [event] = await eventDocuments(store, at, options, signal);
  const { category } = info;
  const decider = Object.hasOwn(options.deciders, category) ? options.deciders[category] : undefined;
  const report: StateReport = decider
    ? await stateAt({ store, decider, streamId, category, version, signal, options })
    : { kind: "no-decider", known: Object.keys(options.deciders) };
  return { stream: streamLine(info), version, event: event ?? null, state: report };
}

interface StateAt {
  readonly store: EventStore;
  readonly decider: StudioDecider;
  readonly streamId: string;
  readonly category: string;
  readonly version: number;
  readonly signal: AbortSignal;
  readonly options: ValidOptions;
}

/** In one reading: the state before the last event is written down when that event comes, because `evolve` may change it in place. */
async function stateAt({ store, decider, streamId, category, version, signal, options }: StateAt): Promise<StateReport> {
  const { initialState, evolve } = anyDecider(decider);
  let before: string | undefined;
  let reached: number | null = null;
  try {
    const { state: after } = await store.aggregateStream<{ value: unknown }, RecordedEvent>(streamId, {
      initialState: () => ({ value: initialState() }),
      evolve: (held, event) => {
        reached = event.version;
        if (event.version === version) before ??= valueText(held.value);
        held.value = evolve(held.value, event);
        return held;
      },
      toVersion: version,
      signal,
    });
    const derived = { kind: "state", name: category, id: streamId } as const;
    const shown = maskedDerived(derived, valueText(after.value), options);
    // Where the catalogue makes no event of the last version, it changed nothing.
    const shownBefore = version === 0 ? null : before === undefined ? shown.text : maskedDerived(derived, before, options).text;
    return { kind: "state", state: shown.text, before: shownBefore, masked: shown.masked };
  } catch (error) {
    if (signal.aborted || (isTidemarkError(error) && error.code !== "EVENT_UNDECODABLE" && error.code !== "UNKNOWN_EVENT_TYPE")) throw error;
    // What a decider says of an event may tell what the event says.
    const isSilent = options.mask !== undefined && !isTidemarkError(error);
    return { kind: "failed", detail: isSilent ? "The decider failed." : messageOf(error), version: reached };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

interface AnyDecider {
  readonly initialState: () => unknown;
  readonly evolve: (state: unknown, event: RecordedEvent) => unknown;
}

function anyDecider(decider: StudioDecider): AnyDecider {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- who names a decider for a category promises that it takes the category's events
  return decider as unknown as AnyDecider;
}
