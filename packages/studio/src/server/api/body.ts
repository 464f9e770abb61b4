import { BadRequestError } from "./problem.ts";

/** A change is small: a name, a position, a reason. */
const mostBytes = 65_536;

/** The JSON of a request's body. No more of it is read than a change can have. */
export async function bodyOf(request: Request): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.length;
    if (bytes > mostBytes) throw new BadRequestError(`The body is larger than ${mostBytes} bytes.`);
    parts.push(part);
  }
  try {
    const body: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts)));
    return body;
  } catch {
    throw new BadRequestError("The body is no JSON.");
  }
}
