import type { DocumentFilter, EventStore } from "tidemark";
import { type DocumentLine, type DocumentReport, type DocumentsPage, operators } from "../../wire/projection-reports.ts";
import { eventLine } from "../events/event-documents.ts";
import { maskedDerived } from "../events/mask.ts";
import { valueText } from "../events/value-text.ts";
import type { ValidOptions } from "../options.ts";
import type { Call } from "./call.ts";
import { limitOf, required, textOf } from "./parameters.ts";
import { AbsentError, BadRequestError } from "./problem.ts";

type AnyDocument = Readonly<Record<string, unknown>>;
const mostConditions = 10;
/** So many events come with a document. */
const newest = 20;

/** Documents that meet every condition, a page at a time from an id. */
export async function documents({ store, query, signal, options }: Call): Promise<DocumentsPage> {
  const collection = required(query, "collection");
  const limit = limitOf(query);
  const after = textOf(query, "after");
  const onlyIds = options.mask !== undefined || options.maskDerived !== undefined;
  const where = filterOf(textOf(query, "where"), onlyIds);
  const found = await documentsOf(store, collection).page({
    where,
    limit,
    signal,
    ...(after !== undefined && { after: { _id: after, _version: 1 } }),
  });
  return {
    collection,
    documents: found.documents.map((document) => documentLine(collection, document, options)),
    next: found.next?._id ?? null,
    onlyIds,
  };
}

export async function document({ store, query, signal, options }: Call): Promise<DocumentReport> {
  const collection = required(query, "collection");
  const id = required(query, "id");
  const found = await documentsOf(store, collection).get(id, { signal });
  if (!found) throw new AbsentError(`The collection ${JSON.stringify(collection)} has no document ${JSON.stringify(id)}.`);
  const { exists, version } = await store.streamInfo(id, { signal });
  const events = exists ? await store.readStream(id, { direction: "backward", limit: newest, raw: true, signal }).toArray() : [];
  return { document: documentLine(collection, found, options), stream: exists ? { version, events: events.map(eventLine) } : null };
}

/** What is behind events is shown with what it is behind: to look at what is there is why one is here. */
function documentsOf(store: EventStore, collection: string): ReturnType<typeof store.documents<AnyDocument>> {
  return store.documents<AnyDocument>(collection, { stale: "allow" });
}

function documentLine(collection: string, found: AnyDocument, options: ValidOptions): DocumentLine {
  const { _id, _version, _archived, ...data } = found;
  const id = String(_id);
  const { text, masked } = maskedDerived({ kind: "document", name: collection, id }, valueText(data), options);
  return { id, version: Number(_version), isDeleted: _archived === true, data: text, masked };
}

/** The store checks paths and values, and says what is wrong with them. */
function filterOf(text: string | undefined, onlyIds: boolean): DocumentFilter<AnyDocument> {
  if (text === undefined) return {};
  const conditions = conditionsOf(text);
  if (onlyIds && conditions.some(([path]) => path !== "_id"))
    throw new BadRequestError("Fields of documents are masked here, and a filter by one would tell what it holds. Ask for _id.");
  // The compiler knows no document without a type.
  const filter: DocumentFilter<AnyDocument> = JSON.parse(
    JSON.stringify({ AND: conditions.map(([path, operator, value]) => ({ [path]: { [operator]: value } })) }),
  );
  return filter;
}

function conditionsOf(text: string): readonly (readonly [string, string, unknown])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!Array.isArray(parsed) || parsed.length > mostConditions)
    throw new BadRequestError(`The parameter where must be a JSON list of [path, operator, value], ${mostConditions} at most.`);
  return parsed.map((condition: unknown) => {
    const [path, operator, value]: readonly unknown[] = Array.isArray(condition) ? condition : [];
    if (
      typeof path !== "string" ||
      path === "" ||
      path === "AND" ||
      path === "OR" ||
      path === "NOT" ||
      typeof operator !== "string" ||
      !operators.includes(operator)
    )
      throw new BadRequestError(`A condition must be [path, operator, value]; operators are ${operators.join(", ")}.`);
    return [path, operator, value] as const;
  });
}
