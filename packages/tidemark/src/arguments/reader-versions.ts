import { InvalidArgumentError } from "../errors/errors.ts";
import { wholeNumber } from "./checks.ts";
import { describeValue } from "./describe-value.ts";
import { isRecord } from "./options.ts";

const checkVersion = wholeNumber(1, 2_147_483_647);

/** The shapes that a reader still knows, as `{ CartConfirmed: 2 }`. Whether there are such types and versions, the catalogue knows. */
export function checkReaderVersions(value: unknown, path: string): Readonly<Record<string, number>> {
  if (!isRecord(value))
    throw new InvalidArgumentError(path, `must be an object with a version for each type, such as { CartConfirmed: 2 }, not ${describeValue(value)}`);
  return Object.fromEntries(Object.entries(value).map(([type, version]) => [type, checkVersion(version, `${path}.${type}`)]));
}
