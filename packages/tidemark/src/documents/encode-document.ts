import { encodeJson } from "../arguments/json.ts";
import { isRecord } from "../arguments/options.ts";
import { describeValue, quoteText } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/**
 * A document as it is stored: JSON that comes back as it went in, with its id under `_id`, where Pongo looks for it.
 * `_version` is the row's, and left out.
 *
 * @param path - Where the document comes from, for the error: `evolve's result for "cart-42"`.
 * @throws {@link InvalidArgumentError} — no object, another `_id`, or something that JSON would change.
 */
export function encodeDocument(id: string, document: unknown, path: string): string {
  if (!isRecord(document)) throw new InvalidArgumentError(path, `must be an object, or null to delete the document, not ${describeValue(document)}`);
  const own = document["_id"];
  if (own !== undefined && own !== id)
    throw new InvalidArgumentError(`${path}._id`, `must be the document's id, ${quoteText(id)}, or be left out; got ${describeValue(own)}`);
  // Most documents have neither, and need no copy.
  const json = encodeJson("_id" in document || "_version" in document ? withoutRow(document) : document, path);
  const head = `{"_id":${JSON.stringify(id)}`;
  return json === "{}" ? `${head}}` : `${head},${json.slice(1)}`;
}

/** What `encodeDocument` was given, without what the row holds. */
export function decodeDocument(data: string): object {
  const stored: Readonly<Record<string, unknown>> = JSON.parse(data);
  return withoutRow(stored);
}

function withoutRow(stored: Readonly<Record<string, unknown>>): object {
  const { _id, _version, ...document } = stored;
  return document;
}
