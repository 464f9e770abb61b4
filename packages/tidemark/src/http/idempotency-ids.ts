import { checkBoolean } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { namedUuids } from "../arguments/named-uuid.ts";
import { checkOptions } from "../arguments/options.ts";
import { newId } from "../arguments/uuid.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { RequestRefusedError } from "../errors/http.ts";
import { headerOf, type HttpRequest, pathOf } from "./request-headers.ts";

/** Of this library's own; a change would make every repeated request a new one. */
const idOf = namedUuids("0b5c9a3e-6a1f-5d27-8f43-5e2f7c1d9a64");
const longestKey = 255;

/**
 * Options of `idempotencyIds`.
 *
 * @example
 * ```ts
 * const options: IdempotencyOptions = { scope: "user-7", required: true };
 * ```
 */
export interface IdempotencyOptions {
  /** Whose keys they are: the user or the client. The same key of another is another request. @defaultValue "" */
  readonly scope?: string;
  /** Refuses a request without the header, with status 400. @defaultValue false */
  readonly required?: boolean;
}

/**
 * The event ids of a request: the same ones whenever the request comes again with its `Idempotency-Key`. Without that header they are new
 * ones. As an iterable it never ends: take as many as you need. It gives each id once: an event with the id of another one would be taken for
 * its repetition.
 *
 * @example
 * ```ts
 * const ids: IdempotencyIds = idempotencyIds({ url: "/carts/72/items", headers: { "idempotency-key": "k-1" } });
 * const [first, second] = ids;
 * ```
 */
export interface IdempotencyIds extends Iterable<string> {
  /** The key that the client sent. Undefined: none. */
  readonly key: string | undefined;
  /**
   * Returns copies of the events with the ids, in order. Give it all events of the request at once, also where several appends store them. The same
   * array again gets the same ids, so that you can try again.
   *
   * @throws Error — it was called before, with another array.
   */
  assign<E extends object>(events: readonly E[]): (E & { readonly id: string })[];
}

const shape = {
  scope: (value: unknown, path: string): string => {
    if (typeof value === "string" && value.isWellFormed()) return value;
    throw new InvalidArgumentError(path, `must be a well-formed string, not ${describeValue(value)}`);
  },
  required: checkBoolean,
};

/**
 * Returns event ids that follow from a request's `Idempotency-Key`, its method, its path and `scope`. An append with them is stored once,
 * however often the request comes; a repetition gets the first result. The same key with other content rejects with
 * `DuplicateEventError`, which `problemOf` answers with 422. Call it once for a request: a second call gives the same ids again.
 *
 * @throws {@link RequestRefusedError} — with status 400: the key is empty, longer than 255 characters or not printable ASCII, or it is
 *   missing and `required`.
 * @throws {@link InvalidArgumentError} — an option is invalid.
 *
 * @example
 * ```ts
 * const request = new Request("https://shop.example/carts/73/items", { method: "POST", headers: { "idempotency-key": '"8e03978e"' } });
 * await store.appendToStream("cart-73", idempotencyIds(request).assign([itemAdded]));
 * ```
 */
export function idempotencyIds(request: HttpRequest, options?: IdempotencyOptions): IdempotencyIds {
  const { scope = "", required = false } = checkOptions(options, shape);
  const key = keyOf(request);
  if (key === undefined && required) throw new RequestRefusedError(400, "This request needs the header Idempotency-Key.");
  const target = [scope, request.method ?? "", pathOf(request), key];
  return new RequestIds(key, key === undefined ? newId : (index) => idOf(JSON.stringify([...target, index])));
}

class RequestIds implements IdempotencyIds {
  readonly key: string | undefined;
  readonly #idAt: (index: number) => string;
  #given = 0;
  #assigned: { readonly events: readonly object[]; readonly ids: string[] } | undefined;

  constructor(key: string | undefined, idAt: (index: number) => string) {
    this.key = key;
    this.#idAt = idAt;
  }

  // An arrow function: callers may take it out of the object.
  readonly assign = <E extends object>(events: readonly E[]): (E & { readonly id: string })[] => {
    this.#assigned ??= { events, ids: [] };
    const { ids } = this.#assigned;
    // The application's mistake, which is nothing to the client. With the same ids the events would not be stored; with others, a try again would be stored twice.
    if (this.#assigned.events !== events)
      throw new Error("`assign` was called before for this request, with other events. Call it once with all of them, and give each append its own.");
    return events.map((event, index) => ({ ...event, id: (ids[index] ??= this.#next()) }));
  };

  *[Symbol.iterator](): Generator<string, void> {
    for (;;) yield this.#next();
  }

  #next(): string {
    return this.#idAt(this.#given++);
  }
}

/** A string of structured fields, as the draft has it, or the bare text that many clients send. */
function keyOf(request: HttpRequest): string | undefined {
  const header = headerOf(request, "idempotency-key")?.trim();
  if (header === undefined) return undefined;
  const quoted = /^"(?<text>(?:[^"\\]|\\["\\])*)"$/.exec(header)?.groups?.["text"];
  const key = quoted?.replaceAll(/\\(.)/g, "$1") ?? header;
  if (key.length > 0 && key.length <= longestKey && /^[ -~]*$/.test(key)) return key;
  throw new RequestRefusedError(400, `Idempotency-Key must have 1 to ${longestKey} characters of printable ASCII.`);
}
