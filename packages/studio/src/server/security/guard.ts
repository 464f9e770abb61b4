import type { StudioUser, ValidOptions } from "../options.ts";
import { roles } from "../../wire/changes.ts";
import { changeRefusal } from "./change-request.ts";
import { isOwnHost } from "./host.ts";
import { isFromElsewhere } from "./origin.ts";
import type { Token } from "./token.ts";

/** What a request may not do, for the answer. */
export interface Refusal {
  readonly status: 401 | 403 | 405 | 415;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

/** What is asked for: a page is an HTML document, an asset is the package's own file, a change is what may be sent by POST, data is everything else. */
export type Wanted = "page" | "asset" | "change" | "data";

/** The methods that are answered. No other header is asked: an override of the method is none. */
export function methodsOf(wanted: Wanted): readonly string[] {
  return wanted === "change" ? ["POST"] : ["GET", "HEAD"];
}

/** Who is let in, or why nobody is. */
export type Entrance = { readonly user: StudioUser; readonly refusal?: undefined } | { readonly refusal: Refusal; readonly user?: undefined };

/** Stands before every route. Without `authorize`, whoever looks needs the token. */
export class Guard {
  readonly #options: ValidOptions;
  readonly #token: Token | undefined;

  constructor(options: ValidOptions, token: Token | undefined) {
    this.#options = options;
    this.#token = token;
  }

  async enter(request: Request, wanted: Wanted): Promise<Entrance> {
    const refusal = this.#refusalOf(request, wanted);
    if (refusal) return { refusal };
    // The same for everybody, and without data.
    const user = wanted === "asset" ? nobody : await this.#userOf(request, wanted);
    if (user) return { user };
    const detail = this.#token
      ? "Open the address with its token, which the studio told when it started."
      : "The application's authorize does not let this request in.";
    return { refusal: { status: 401, code: "not-authorized", title: "Not authorized", detail } };
  }

  /** What is wrong with it, whoever sent it. */
  #refusalOf(request: Request, wanted: Wanted): Refusal | undefined {
    const { headers, method } = request;
    const host = headers.get("host");
    if (!isOwnHost(host, this.#options.hosts))
      return forbidden("host-refused", `The studio does not answer to the host ${JSON.stringify(host)}. Name it in the option hosts of studio().`);
    if (isFromElsewhere(headers, wanted === "page")) return forbidden("origin-refused", "The request comes from a page of another site.");
    if (!methodsOf(wanted).includes(method))
      return { status: 405, code: "method-refused", title: "Method not allowed", detail: `This address answers ${methodsOf(wanted).join(" and ")}.` };
    return wanted === "change" ? changeRefusal(headers) : undefined;
  }

  async #userOf(request: Request, wanted: Wanted): Promise<StudioUser | undefined> {
    if (this.#token) {
      const isIn = this.#token.isIn(request.headers) || (wanted === "page" && this.#token.isInAddress(new URL(request.url)));
      return isIn ? { role: this.#options.role } : undefined;
    }
    try {
      return userOf(await this.#options.authorize?.(request));
    } catch {
      return undefined;
    }
  }
}

const nobody: StudioUser = { role: "viewer" };

/** What `authorize` answered, which JavaScript may make anything of: what is no role lets nobody in. */
export function userOf(answer: unknown): StudioUser | undefined {
  if (answer === true) return { role: "viewer" };
  const { role, name }: { readonly role?: unknown; readonly name?: unknown } = typeof answer === "object" && answer !== null ? answer : { role: answer };
  const known = roles.find((each) => each === role);
  if (known === undefined) return undefined;
  return typeof name === "string" && name !== "" ? { role: known, name } : { role: known };
}

function forbidden(code: string, detail: string): Refusal {
  return { status: 403, code, title: "Forbidden", detail };
}
