import { checkBoolean } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { RequestRefusedError } from "../errors/http.ts";
import { headerOf, type HttpRequest } from "./request-headers.ts";

/**
 * Options of `expectedVersionOf`.
 *
 * @example
 * ```ts
 * const options: ExpectedVersionOptions = { required: true };
 * ```
 */
export interface ExpectedVersionOptions {
  /** Refuses a request with neither header, with status 428. @defaultValue false */
  readonly required?: boolean;
}

const shape = { required: checkBoolean };

/**
 * Returns the version that a request expects, for the option `expectedVersion` of an append: `If-Match: "7"` is 7, `If-Match: *` is
 * `"stream-exists"`, `If-None-Match: *` is `"no-stream"`, and neither header is `"any"`.
 *
 * @throws {@link RequestRefusedError} — with status 400: a header has another form, or there are both. With status 412: the tag is weak, which
 *   `If-Match` never matches. With status 428: the option `required`, and neither header.
 *
 * @example
 * ```ts
 * const request = new Request("https://shop.example/carts/71", { method: "PUT", headers: { "if-none-match": "*" } });
 * await store.appendToStream("cart-71", [itemAdded], { expectedVersion: expectedVersionOf(request) });
 * ```
 */
export function expectedVersionOf(request: HttpRequest, options?: ExpectedVersionOptions): number | "any" | "no-stream" | "stream-exists" {
  const { required = false } = checkOptions(options, shape);
  const match = headerOf(request, "if-match")?.trim();
  const noneMatch = headerOf(request, "if-none-match")?.trim();
  if (match !== undefined && noneMatch !== undefined) throw new RequestRefusedError(400, "Send either If-Match or If-None-Match, not both.");
  if (match !== undefined) return match === "*" ? "stream-exists" : versionOf(match);
  if (noneMatch === "*") return "no-stream";
  if (noneMatch !== undefined) throw new RequestRefusedError(400, "If-None-Match of a change must be *: the stream must not exist yet.");
  if (required) throw new RequestRefusedError(428, "This change needs If-Match with the ETag of what you read, or If-None-Match: *.");
  return "any";
}

function versionOf(match: string): number {
  const { weak, digits } = /^(?<weak>W\/)?"(?<digits>0|[1-9]\d{0,15})"$/.exec(match)?.groups ?? {};
  const version = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(version)) {
    throw new RequestRefusedError(400, 'If-Match must be * or one ETag of this resource, such as "7".');
  }
  if (weak !== undefined) throw new RequestRefusedError(412, "If-Match has a weak ETag, which matches nothing. Send the ETag as it came.");
  return version;
}
