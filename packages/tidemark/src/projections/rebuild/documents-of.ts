import { InvalidArgumentError } from "../../errors/errors.ts";
import { DefinedDocumentProjection } from "../defined-projection.ts";
import type { ProjectionInfo } from "../projection-info.ts";
import { definitionOf, type VersionsScope } from "./versions.ts";

/**
 * The definition of a version that has documents.
 *
 * @throws {@link InvalidArgumentError} — it has none, or this process has no definition of it.
 */
export function documentsOf(scope: VersionsScope, info: ProjectionInfo): DefinedDocumentProjection {
  const definition = definitionOf(scope, info);
  if (definition instanceof DefinedDocumentProjection) return definition;
  throw new InvalidArgumentError(
    "name",
    definition || info.collection === undefined
      ? `is ${JSON.stringify(info.name)}, which has no documents: what its handler writes is its own. Raise its version to build it anew`
      : `is ${JSON.stringify(info.name)}, and this store was opened without the definition of its version ${info.version}, which says how events make documents: pass it to openEventStore`,
  );
}
