import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { DefinedDocumentProjection, DefinedProjection, followerOf } from "./defined-projection.ts";

/** The projections of a list that was checked to be one. None stands in it twice, and no two share a collection. */
export function checkProjections(values: readonly unknown[], path: string): readonly DefinedProjection[] {
  const projections = values.map((value, index) => checkProjection(value, `${path}[${index}]`));
  const names = new Set<string>();
  const owners = new Map<string, string>();
  for (const projection of projections) {
    const identity = followerOf(projection);
    if (names.has(identity)) throw new InvalidArgumentError(path, `holds ${JSON.stringify(projection.name)} with version ${projection.version} twice`);
    names.add(identity);
    if (!(projection instanceof DefinedDocumentProjection)) continue;
    const { collection, name } = projection;
    const owner = owners.get(collection) ?? name;
    owners.set(collection, owner);
    if (owner !== name)
      throw new InvalidArgumentError(
        path,
        `holds ${JSON.stringify(owner)} and ${JSON.stringify(name)} with one collection, ${JSON.stringify(collection)}: give each its own`,
      );
  }
  return projections;
}

export function checkProjection(value: unknown, path: string): DefinedProjection {
  if (value instanceof DefinedProjection) return value;
  throw new InvalidArgumentError(path, `must be what documentProjection or defineProjection returns, not ${describeValue(value)}`);
}
