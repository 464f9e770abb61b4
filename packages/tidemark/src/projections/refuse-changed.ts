import { type ProjectionChange, ProjectionChangedError } from "../errors/read-models.ts";
import { queryText, sameQuery } from "../read/same-query.ts";
import { DefinedDocumentProjection, type DefinedProjection } from "./defined-projection.ts";
import type { RegisteredProjection } from "./registry.ts";

/** The most characters of a filter, and the most types of events, that a message shows. */
const mostShown = 300;
const mostTypes = 5;

/**
 * Refuses a definition that cannot go on with what its version has written: other events would be in some documents and not in others,
 * and appends would write to a table that is not there.
 *
 * The filter is compared as it is defined. What a catalogue makes of it, for older names of types, may change from one process to another.
 *
 * @throws {@link ProjectionChangedError}
 */
export function refuseChanged(projection: DefinedProjection, registered: RegisteredProjection): void {
  const { version, mode } = projection;
  const refuse = (changed: ProjectionChange, difference: string): never => {
    throw new ProjectionChangedError(projection, changed, difference);
  };
  if (registered.mode !== mode) refuse("mode", `is ${mode} here, but version ${version} is registered as ${registered.mode}.`);
  const collection = projection instanceof DefinedDocumentProjection ? projection.collection : null;
  if (registered.collection !== collection)
    refuse("collection", `is defined ${collectionText(collection)}, but version ${version} is registered ${collectionText(registered.collection)}.`);
  const deletes = projection instanceof DefinedDocumentProjection ? projection.deletes : "hard";
  const before = registered.deletes ?? "hard";
  if (before !== deletes)
    refuse("deletes", `has deletes: ${JSON.stringify(deletes)} here, but version ${version} is registered with ${JSON.stringify(before)}.`);
  if (!sameQuery(registered.filter, projection.events.query))
    refuse("events", `handles other events here than version ${version} is registered with: ${eventsText(registered.filter, projection.events.query)}.`);
}

function collectionText(collection: string | null): string {
  return collection === null ? "without a collection" : `with the collection ${JSON.stringify(collection)}`;
}

function eventsText(before: unknown, now: unknown): string {
  const [old, types] = [typesOf(before), typesOf(now)];
  const added = [...types].filter((type) => !old.has(type));
  const removed = [...old].filter((type) => !types.has(type));
  if (added.length + removed.length === 0) return `its filter is ${shortened(queryText(now))}, and was ${shortened(queryText(before))}`;
  return [...(added.length > 0 ? [`it has ${listed(added)} in addition`] : []), ...(removed.length > 0 ? [`it lacks ${listed(removed)}`] : [])].join(", and ");
}

function typesOf(filter: unknown): ReadonlySet<string> {
  const items: readonly { readonly types?: readonly string[] }[] = JSON.parse(queryText(filter));
  return new Set(items.flatMap(({ types = [] }) => types));
}

function listed(types: readonly string[]): string {
  const named = types.slice(0, mostTypes).map((type) => JSON.stringify(type));
  return types.length > mostTypes ? `${named.join(", ")} and ${types.length - mostTypes} more` : named.join(", ");
}

function shortened(text: string): string {
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}…`;
}
