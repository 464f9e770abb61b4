import type { ValidOptions } from "../options.ts";
import { isOwnHost } from "./host.ts";
import { isFromElsewhere } from "./origin.ts";
import type { Token } from "./token.ts";

/** What a request may not do, for the answer. */
export interface Refusal {
  readonly status: 401 | 403 | 405;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

/** What is asked for: a page is an HTML document, an asset is the package's own file, data is everything else. */
export type Wanted = "page" | "asset" | "data";

/** Stands before every route. Without `authorize`, whoever looks needs the token. */
export class Guard {
  readonly #options: ValidOptions;
  readonly #token: Token | undefined;

  constructor(options: ValidOptions, token: Token | undefined) {
    this.#options = options;
    this.#token = token;
  }

  /** Why the request is refused; undefined where it is not. */
  async refusal(request: Request, wanted: Wanted): Promise<Refusal | undefined> {
    const { headers, method } = request;
    const host = headers.get("host");
    if (!isOwnHost(host, this.#options.hosts))
      return forbidden("host-refused", `The studio does not answer to the host ${JSON.stringify(host)}. Name it in the option hosts of studio().`);
    if (isFromElsewhere(headers, wanted === "page")) return forbidden("origin-refused", "The request comes from a page of another site.");
    if (method !== "GET" && method !== "HEAD")
      return { status: 405, code: "read-only", title: "Method not allowed", detail: "The studio only reads. It answers GET and HEAD." };
    // The same for everybody, and without data.
    if (wanted === "asset" || (await this.#isLetIn(request, wanted))) return undefined;
    const detail = this.#token
      ? "Open the address with its token, which the studio told when it started."
      : "The application's authorize does not let this request in.";
    return { status: 401, code: "not-authorized", title: "Not authorized", detail };
  }

  async #isLetIn(request: Request, wanted: Wanted): Promise<boolean> {
    if (this.#token) return this.#token.isIn(request.headers) || (wanted === "page" && this.#token.isInAddress(new URL(request.url)));
    try {
      return (await this.#options.authorize?.(request)) === true;
    } catch {
      return false;
    }
  }
}

function forbidden(code: string, detail: string): Refusal {
  return { status: 403, code, title: "Forbidden", detail };
}
