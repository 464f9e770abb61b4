import type { StreamInfo } from "tidemark";
import type { StreamLine, StreamPage, StreamsPage } from "../../wire/reports.ts";
import { eventDocuments } from "../events/event-documents.ts";
import type { Call } from "./call.ts";
import { directionOf, limitOf, numberOf, required, textOf } from "./parameters.ts";
import { AbsentError } from "./problem.ts";

/** By prefix and category, a page at a time from a key: no page costs more than the first. */
export async function streams({ store, query, signal }: Call): Promise<StreamsPage> {
  const limit = limitOf(query);
  const bounds = { prefix: textOf(query, "prefix"), category: textOf(query, "category"), after: textOf(query, "after") };
  const given = Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));
  const found: StreamLine[] = [];
  for await (const stream of store.streams({ ...given, limit: limit + 1, signal })) {
    found.push(streamLine(stream));
  }
  const page = found.slice(0, limit);
  return { streams: page, next: found.length > limit ? (page.at(-1)?.streamId ?? null) : null };
}

/** One stream's events between two versions. */
export async function stream({ store, query, signal, options }: Call): Promise<StreamPage> {
  const streamId = required(query, "id");
  const limit = limitOf(query);
  const fromVersion = numberOf(query, "from");
  const toVersion = numberOf(query, "to");
  const events = await store
    .readStream(streamId, {
      direction: directionOf(query),
      limit,
      raw: true,
      signal,
      ...(fromVersion !== undefined && { fromVersion }),
      ...(toVersion !== undefined && { toVersion }),
    })
    .toArray();
  const info = await store.streamInfo(streamId, { signal });
  if (!info.exists) throw new AbsentError(`There is no stream ${JSON.stringify(streamId)}.`);
  return { stream: streamLine(info), events: await eventDocuments(store, events, options, signal) };
}

export function streamLine({ streamId, category, version, createdAt, lastPosition }: StreamInfo): StreamLine {
  return { streamId, category, version, createdAt: createdAt?.getTime() ?? null, lastPosition: lastPosition ?? null };
}
