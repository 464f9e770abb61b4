import { isDeepStrictEqual } from "node:util";
import { type CausedEvent, type EventStore, isTidemarkError, type RecordedEvent } from "tidemark";
import type { CausationReport, EffectLine, EventPage } from "../../wire/reports.ts";
import { eventDocuments, eventLine } from "../events/event-documents.ts";
import { masked } from "../events/mask.ts";
import { valueText } from "../events/value-text.ts";
import type { ValidOptions } from "../options.ts";
import type { Call } from "./call.ts";
import { required } from "./parameters.ts";
import { AbsentError } from "./problem.ts";

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const bounds = { depth: 20, limit: 200 };

export async function event({ store, query, signal, options }: Call): Promise<EventPage> {
  const id = required(query, "id");
  const found = uuid.test(id) ? await store.eventById(id, { raw: true, signal }) : undefined;
  const [document] = found ? await eventDocuments(store, [found], options, signal) : [];
  if (!found || !document) throw new AbsentError(`There is no event with the id ${JSON.stringify(id)}.`);
  const { streamId, version } = found;
  const [decoded, causation, around] = await Promise.all([
    decodedOf(store, found, options, signal),
    causationOf(store, id, signal),
    store.readStream(streamId, { fromVersion: version - 1, toVersion: version + 1, raw: true, signal }).toArray(),
  ]);
  const idAt = (wanted: number): string | null => around.find((near) => near.version === wanted)?.id ?? null;
  return { event: document, decoded, causation, previous: idAt(version - 1), next: idAt(version + 1), schema: options.schema };
}

/** Null without a catalogue, or where it changes nothing. */
async function decodedOf(store: EventStore, stored: RecordedEvent, { mask }: ValidOptions, signal: AbortSignal): Promise<EventPage["decoded"]> {
  try {
    const decoded = await store.eventById(stored.id, { signal });
    if (!decoded) return { error: "The catalogue makes nothing of it." };
    if (decoded.type === stored.type && decoded.schemaVersion === stored.schemaVersion && isDeepStrictEqual(decoded.data, stored.data)) return null;
    return { type: decoded.type, schemaVersion: decoded.schemaVersion, data: masked(decoded, valueText(decoded.data), "{}", mask).data };
  } catch (error) {
    if (isTidemarkError(error, "EVENT_UNDECODABLE") || isTidemarkError(error, "UNKNOWN_EVENT_TYPE")) return { error: error.message };
    throw error;
  }
}

async function causationOf(store: EventStore, id: string, signal: AbortSignal): Promise<CausationReport> {
  try {
    const { causes, causesCut, complete, effects } = await store.readCausation(id, { ...bounds, raw: true, signal });
    return { kind: "tree", causes: causes.map(eventLine), causesCut: causesCut === true, complete, effects: effects.map(effectLine) };
  } catch (error) {
    if (isTidemarkError(error, "INDEX_MISSING")) return { kind: "indexes-missing", command: "npx tidemark indexes create causation" };
    throw error;
  }
}

function effectLine({ event: caused, effects, cut }: CausedEvent): EffectLine {
  return { event: eventLine(caused), effects: effects.map(effectLine), cut: cut === true };
}
