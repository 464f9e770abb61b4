import { describeValue } from "../arguments/describe-value.ts";
import { isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

const printable = /^[\x20-\x7e]*$/;
const headerName = /^[a-z0-9][a-z0-9_.-]{0,127}$/;

export function isPrintable(value: unknown): value is string {
  return typeof value === "string" && printable.test(value);
}

/** The headers of a message, with names in lower case. */
export function checkHeaders(headers: unknown, path: string): Readonly<Record<string, string>> {
  if (!isRecord(headers)) throw new InvalidArgumentError(path, `must be an object of strings, not ${describeValue(headers)}`);
  const given: Record<string, string> = {};
  for (const [key, value] of Object.entries(headers)) {
    const name = key.toLowerCase();
    if (!headerName.test(name) || name.startsWith("tidemark-"))
      throw new InvalidArgumentError(path, `holds ${JSON.stringify(key)}: a name has letters, digits, _, . and -, and does not begin with tidemark-`);
    // Sinks send it beside the headers, or as one of them.
    if (name === "content-type")
      throw new InvalidArgumentError(path, `holds ${JSON.stringify(key)}: the relay sends it, as "application/json" or as contentType of its map says`);
    if (Object.hasOwn(given, name))
      throw new InvalidArgumentError(path, `holds ${JSON.stringify(key)} in two spellings: names are sent in lower case, and one would replace the other`);
    if (!isPrintable(value)) throw new InvalidArgumentError(`${path}.${key}`, `must be printable ASCII, not ${describeValue(value)}`);
    given[name] = value;
  }
  return given;
}
