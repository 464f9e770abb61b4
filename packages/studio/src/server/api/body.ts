import { BadRequestError, TooLargeError } from "./problem.ts";

/** A change is small: a name, a position, a reason. */
const mostBytes = 65_536;

/**
 * The JSON of a request's body. No more of it is read than a change can have, and nothing of one that says that it is larger.
 *
 * @throws {@link TooLargeError}
 * @throws {@link BadRequestError} — it is no JSON, or ends before its end.
 */
export async function bodyOf({ headers, body }: Request): Promise<unknown> {
  if (Number(headers.get("content-length")) > mostBytes) throw tooLarge();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of body ?? []) {
      bytes += part.length;
      if (bytes > mostBytes) break;
      parts.push(part);
    }
  } catch (error) {
    throw new BadRequestError("The body did not come to its end.", { cause: error });
  }
  if (bytes > mostBytes) throw tooLarge();
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts)));
    return parsed;
  } catch {
    throw new BadRequestError("The body is no JSON.");
  }
}

function tooLarge(): TooLargeError {
  return new TooLargeError(`The body is larger than ${mostBytes} bytes.`);
}
