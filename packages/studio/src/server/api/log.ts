import type { EventQueryItem } from "tidemark";
import type { LogPage } from "../../wire/reports.ts";
import { eventDocuments } from "../events/event-documents.ts";
import type { Call } from "./call.ts";
import { directionOf, limitOf, numberOf, textOf } from "./parameters.ts";

/** A page of the whole log, between two positions and filtered. */
export async function log({ store, query, signal, options }: Call): Promise<LogPage> {
  const limit = limitOf(query);
  const filter: Record<string, readonly string[] | string> = {};
  for (const [name, parameter] of lists) {
    const values = query.getAll(parameter);
    if (values.length > 0) filter[name] = values;
  }
  const prefix = textOf(query, "prefix");
  const [after, until] = [numberOf(query, "after"), numberOf(query, "until")];
  const item: EventQueryItem = { ...filter, ...(prefix !== undefined && { prefix }) };
  const events = await store
    .readAll({
      direction: directionOf(query),
      limit,
      raw: true,
      signal,
      filter: item,
      ...(after !== undefined && { after }),
      ...(until !== undefined && { until }),
    })
    .toArray();
  return { events: await eventDocuments(store, events, options) };
}

const lists = [
  ["types", "type"],
  ["categories", "category"],
  ["tags", "tag"],
] as const;
