/**
 * What is read of a request: a `Request` of the fetch standard, or one of Node.js, Express, Fastify or Nest.
 *
 * @example
 * ```ts
 * const request: HttpRequest = { method: "PUT", url: "/carts/42", headers: { "if-match": '"7"' } };
 * ```
 */
export interface HttpRequest {
  readonly method?: string | undefined;
  /** With or without an origin. */
  readonly url?: string | undefined;
  /** Of Express, Fastify and Nest: the address before a router took the path away that it is mounted at. It goes before `url`. */
  readonly originalUrl?: string | undefined;
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The value of a header, however its name is written. One that was sent several times is one list, as HTTP says. */
export function headerOf({ headers }: HttpRequest, name: string): string | undefined {
  if (isHeaders(headers)) return headers.get(name) ?? undefined;
  // Node.js makes names lower case, and gateways that call a function leave them as the client wrote them.
  const value = headers[name] ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === "object" ? value.join(", ") : value;
}

/** The path, without origin and query: it is the same for a request that comes again. */
export function pathOf({ originalUrl, url = "" }: HttpRequest): string {
  const address = originalUrl ?? url;
  return URL.parse(address, "http://localhost")?.pathname ?? address;
}

/** Those of another library, too. */
function isHeaders(headers: HttpRequest["headers"]): headers is Headers {
  return typeof headers["get"] === "function";
}
