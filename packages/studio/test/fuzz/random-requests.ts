import { changes } from "../../src/server/changes/change-table.ts";
import { routes } from "../../src/server/api/routes.ts";
import { changeHeader } from "../../src/wire/changes.ts";
import { files, hosts, marks, pages, parameters, texts, values } from "./corpus.ts";

/** What is in the store, so that a request can be nearly right. */
export interface Known {
  readonly ids: readonly string[];
  /** The body of a change that would be made, if whoever sends it might. */
  readonly change: { readonly name: string; readonly body: string };
}

/** A request that must change nothing, and how to tell of it. */
export interface Attempt {
  readonly request: Request;
  readonly text: string;
  /** Lets it go, after a while. */
  readonly leave: (() => void) | undefined;
}

/** Requests that nobody may change anything by: whoever sends one is nobody, a viewer, or somebody whose change lacks one thing. */
export class RandomRequests {
  readonly #random: () => number;
  readonly #known: Known;

  constructor(random: () => number, known: Known) {
    this.#random = random;
    this.#known = known;
  }

  next(): Attempt {
    const user = this.#one(["", "nobody", "viewer", "operator", "admin", "throws"]);
    const isChange = this.#often(0.3);
    const method = this.#often(0.1) ? this.#one(["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "post", "POST"]) : isChange ? "POST" : "GET";
    const url = `http://localhost:4983${isChange ? this.#changePath() : this.#path()}`;
    const headers = this.#headers(user, isChange);
    const mayChange = user === "operator" || user === "admin";
    // One thing at least is not as it must be.
    const confirms = isChange && (!mayChange || this.#break(headers));
    const body = method.toUpperCase() === "GET" || method === "HEAD" ? undefined : this.#body(confirms);
    const left = this.#often(0.05) ? new AbortController() : undefined;
    const text = `${method} ${url.slice(0, 300)} ${JSON.stringify(headers).slice(0, 600)} ${typeof body === "string" ? body.slice(0, 200) : ""}`;
    try {
      const init = { method, headers, ...(left && { signal: left.signal }), ...(body !== undefined && { body, duplex: "half" }) };
      return { request: new Request(url, init), text, leave: left && (() => left.abort()) };
    } catch {
      // No client could send it.
      return this.next();
    }
  }

  #changePath(): string {
    if (this.#often(0.5)) return `/api/changes/${this.#known.change.name}`;
    return this.#marked(`/api/changes/${this.#one([...Object.keys(changes), "", "constructor", "__proto__", "a/b"])}${this.#query()}`);
  }

  #path(): string {
    const path = this.#one([() => this.#one(pages), () => this.#one(files), ...Array<() => string>(6).fill(() => `/api${this.#one(Object.keys(routes))}`)])();
    return this.#marked(path) + this.#query();
  }

  #query(): string {
    const count = Math.floor(this.#random() * 5);
    const pairs = Array.from({ length: count }, () => `${this.#one(parameters)}=${this.#one([...values, ...this.#known.ids])}`);
    return count === 0 ? "" : `?${pairs.join("&")}`;
  }

  #headers(user: string, isChange: boolean): Record<string, string> {
    const headers: Record<string, string> = { host: "localhost:4983", ...(user !== "" && { "x-user": user }) };
    if (isChange) Object.assign(headers, { origin: "http://localhost:4983", "content-type": "application/json", [changeHeader.name]: changeHeader.value });
    if (this.#often(0.1)) headers["host"] = this.#one(hosts);
    if (this.#often(0.05)) headers["origin"] = this.#one(["null", "http://evil.com", "http://localhost:1", "::", "http://localhost:4983/"]);
    if (this.#often(0.05)) headers["sec-fetch-site"] = this.#one(["cross-site", "same-site", "same-origin", "none", "x"]);
    if (this.#often(0.05)) headers["cookie"] = this.#one(["a", "=;;=", "tidemark-studio-000000000000=x", "x".repeat(9_000)]);
    if (this.#often(0.05)) headers["authorization"] = this.#one(["Bearer", "Bearer x", "Basic eDp5", "\u00ff"]);
    if (this.#often(0.05)) headers["x-http-method-override"] = this.#one(["POST", "DELETE"]);
    if (this.#often(0.05)) headers["content-length"] = this.#one(["0", "-1", "x", "99999999999"]);
    if (this.#often(0.05)) headers["accept"] = this.#one(["text/event-stream", "*/*;q=x"]);
    if (this.#often(0.05)) headers["last-event-id"] = this.#one(["x", "-1"]);
    return headers;
  }

  /** Takes from a change what it needs. Returns whether its body may be the right one. */
  #break(headers: Record<string, string>): boolean {
    const how = Math.floor(this.#random() * 5);
    if (how === 0) return false;
    if (how === 1) headers["host"] = this.#one(hosts);
    if (how === 2) headers["origin"] = this.#one(["http://evil.com", "null", "http://localhost:4984"]);
    if (how === 3) headers[changeHeader.name] = this.#one(["", "x"]);
    if (how === 4) headers["content-type"] = this.#one(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]);
    return true;
  }

  #body(confirms: boolean): BodyInit {
    const right = this.#known.change.body;
    if (confirms && this.#often(0.7)) return right;
    return this.#one<() => BodyInit>([
      () => this.#one(texts),
      // Of another plan, or of none.
      () => right.replace(/"confirm":"./, `"confirm":"${this.#one(["", "_", "!"])}`),
      () =>
        JSON.stringify({
          parameters: { kind: this.#one(values), name: this.#one(values), position: this.#one([0, -1, 1e300, "1"]), reason: this.#one(values) },
        }),
      () => Uint8Array.from({ length: 50 }, () => this.#random() * 256),
      () => new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) }),
    ])();
  }

  #marked(path: string): string {
    if (!this.#often(0.15)) return path;
    const at = 1 + Math.floor(this.#random() * path.length);
    return path.slice(0, at) + this.#one(marks) + path.slice(at);
  }

  #often(share: number): boolean {
    return this.#random() < share;
  }

  #one<T>(choices: readonly T[]): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no list is empty
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }
}
