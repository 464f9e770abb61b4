import { wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { RequestRefusedError } from "../errors/http.ts";

/**
 * Options of `readJson`.
 *
 * @example
 * ```ts
 * const options: ReadJsonOptions = { maxBytes: 64_000 };
 * ```
 */
export interface ReadJsonOptions {
  /** The longest body that is read. At most 268,435,456. @defaultValue 1,048,576 */
  readonly maxBytes?: number;
}

const shape = { maxBytes: wholeNumber(1, 268_435_456) };

/**
 * Reads the body of a request as JSON. Stops at `maxBytes`, whatever `content-length` says, so that a body takes no more memory than that.
 * Its type is not checked: validate it, or let the catalogue of your events do so.
 *
 * @throws {@link RequestRefusedError} — with status 413: the body is too long. With status 415: its type is not JSON. With status 400: it is
 *   no JSON in UTF-8.
 *
 * @example
 * ```ts
 * const request = new Request("https://shop.example/carts/74/items", {
 *   method: "POST",
 *   headers: { "content-type": "application/json" },
 *   body: '{"sku":"tea"}',
 * });
 * const data = await readJson(request, { maxBytes: 64_000 });
 * ```
 */
export async function readJson(request: Request, options?: ReadJsonOptions): Promise<unknown> {
  const { maxBytes = 1_048_576 } = checkOptions(options, shape);
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json$/.test(type)) throw new RequestRefusedError(415, "The body must be JSON: send content-type: application/json.");
  const bytes = await readBytes(request, maxBytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new RequestRefusedError(400, "The body is not JSON in UTF-8.", { cause: error });
  }
}

async function readBytes({ headers, body }: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLong = new RequestRefusedError(413, `The body has more than ${maxBytes} bytes.`);
  if (Number(headers.get("content-length") ?? 0) > maxBytes) throw tooLong;
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (!body) return new Uint8Array();
  // Leaving the loop cancels the body: the rest is not read.
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLong;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
