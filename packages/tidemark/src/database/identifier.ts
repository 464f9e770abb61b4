import { InvalidArgumentError } from "../errors/errors.ts";

/** PostgreSQL cuts longer identifiers silently, so that two schemas of long names would be one. */
const maxBytes = 63;

/**
 * Quotes a PostgreSQL identifier, so that any text is only ever a name.
 *
 * @param path - How the caller wrote the option, for the error: `schema`.
 * @throws {@link InvalidArgumentError} — empty, longer than 63 bytes of UTF-8, not well-formed, or with a control character.
 */
export function quoteIdentifier(name: string, path = "schema"): string {
  if (typeof name !== "string") throw new InvalidArgumentError(path, `must be a string, not ${typeof name}.`);
  if (name === "") throw new InvalidArgumentError(path, "must not be empty.");
  const bytes = Buffer.byteLength(name);
  if (bytes > maxBytes) throw new InvalidArgumentError(path, `is ${bytes} bytes of UTF-8; PostgreSQL cuts names at ${maxBytes}.`);
  if (/\p{Surrogate}/u.test(name)) throw new InvalidArgumentError(path, "holds half of a surrogate pair, which UTF-8 cannot hold.");
  if (/\p{Cc}/u.test(name)) throw new InvalidArgumentError(path, `must not hold control characters: ${JSON.stringify(name)}.`);
  return `"${name.replaceAll('"', '""')}"`;
}
