import { checkFunction, oneOf, wholeNumber } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { isPromise } from "../arguments/promise.ts";
import { checkOptions } from "../arguments/options.ts";
import { safely } from "../async/safely.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import type { EventStore } from "../store/event-store.ts";
import type { LogAccess, LogTarget } from "./log-access.ts";
import type { LogCaching } from "./log-answer.ts";
import { LogServer } from "./log-server.ts";

/**
 * Options of `serveLog`.
 *
 * @example
 * ```ts
 * const options: ServeLogOptions = { authorize: () => ({ filter: { categories: ["cart"] } }), path: "/events" };
 * ```
 */
export interface ServeLogOptions<E extends Event = Event> {
  /**
   * Says what a request may read: a tenant, a filter. Called for each request, and again whenever a live reader connects anew. Return undefined to
   * refuse with 403, or a `Response` of your own, such as a 401. What it throws becomes the answer of `problemResponse`.
   */
  readonly authorize: (request: Request, target: LogTarget) => LogAccess | Response | undefined | Promise<LogAccess | Response | undefined>;
  /** The path before `/log` and `/streams/…`, as requests have it: `"/events"`. @defaultValue "" */
  readonly path?: string;
  /**
   * What a client sees of an event, as JSON; undefined leaves it out. Needed where your catalogue's events hold what JSON cannot, such as a bigint.
   * It may not be asynchronous.
   * @defaultValue all of it but the tenant
   */
  readonly map?: (event: RecordedEvent<E>) => unknown;
  /** Who may keep pages: `"public"` only if everybody may read the same. @defaultValue "private" */
  readonly caching?: LogCaching;
  /** The most events of a page. @defaultValue 500 */
  readonly pageEvents?: number;
  /** A page ends after this many characters of JSON, and holds one event at least. @defaultValue 262,144 */
  readonly pageBytes?: number;
  /** How long a poll waits for events. @defaultValue 20,000 */
  readonly longPollMs?: number;
  /** After about this long an event stream ends, and the client connects again; after twice as long if it is behind or is not read. @defaultValue 60,000 */
  readonly connectionMs?: number;
  /** How often a quiet event stream says that it is there. @defaultValue 15,000 */
  readonly heartbeatMs?: number;
  /** The most live readers; one more gets 503. @defaultValue 20,000 */
  readonly maxReaders?: number;
  /** Gets each error that was answered with 500 or more, or ended an event stream. @defaultValue writes it to stderr */
  readonly onError?: (error: unknown) => void;
}

/**
 * Answers requests for a log. Call `close` before the server's own, which waits for open answers.
 *
 * @example
 * ```ts
 * const handler: LogHandler = serveLog(store, { authorize: () => ({}) });
 * await handler.close();
 * ```
 */
export interface LogHandler extends AsyncDisposable {
  (request: Request): Promise<Response>;
  /** Ends all live answers, and refuses later requests with 503. Leaves the store open. */
  close(): Promise<void>;
}

const longestMs = 2_147_483_647;
const shape = {
  authorize: checkFunction<ServeLogOptions["authorize"]>,
  path: checkPath,
  map: checkFunction<(event: RecordedEvent) => unknown>,
  caching: oneOf("private", "public", "no-store"),
  pageEvents: wholeNumber(1, 10_000),
  pageBytes: wholeNumber(1, 16_777_216),
  longPollMs: wholeNumber(1, longestMs),
  connectionMs: wholeNumber(1, longestMs),
  heartbeatMs: wholeNumber(1, longestMs),
  maxReaders: wholeNumber(1),
  onError: checkFunction<(error: unknown) => void>,
};

/**
 * Serves the log and the streams of a store over HTTP, for reading, by the Durable Streams protocol: `GET path/log` and `GET path/streams/{id}`, in
 * pages from an `offset`, by long poll (`live=long-poll`) or as server-sent events (`live=sse`, resumed by `Last-Event-ID`). Returns a handler of the fetch standard.
 *
 * Events come in the order of the log, each once, up to the high-water mark, as a JSON array. All live readers of the same events share one
 * subscription, and a slow one holds up nobody: it goes on from pages. Closing the store ends them.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid, or `authorize` is missing: whoever reaches the server could read everything.
 *
 * @example
 * ```ts
 * const handler = serveLog(store, {
 *   authorize: (request) => (request.headers.get("authorization") === "Bearer s3cret" ? { filter: { categories: ["cart"] } } : undefined),
 * });
 * const response = await handler(new Request("http://localhost/log?offset=-1", { headers: { authorization: "Bearer s3cret" } }));
 * const events: unknown = await response.json();
 * await handler.close();
 * ```
 */
export function serveLog<E extends Event>(store: EventStore<E>, options: ServeLogOptions<E>): LogHandler;
export function serveLog(store: EventStore, options: ServeLogOptions): LogHandler {
  const { authorize, map, onError = (error: unknown) => console.error("tidemark/http:", error), ...checked } = checkOptions(options, shape);
  if (authorize === undefined) {
    throw new InvalidArgumentError("options.authorize", "is missing: it says who may read what. Return {} from it if everybody may read everything");
  }
  const server = new LogServer(store, {
    path: "",
    represent: (event) => shownText(event, map),
    caching: "private",
    pageEvents: 500,
    pageBytes: 262_144,
    longPollMs: 20_000,
    connectionMs: 60_000,
    heartbeatMs: 15_000,
    maxReaders: 20_000,
    ...checked,
    onError: safely(onError, (thrown) => console.error("tidemark/http: onError threw:", thrown)),
    authorize,
  });
  const close = async (): Promise<void> => server.close();
  return Object.assign((request: Request) => server.answer(request), { close, [Symbol.asyncDispose]: close });
}

/** Undefined: the client does not see it. */
function shownText(event: RecordedEvent, map: ServeLogOptions["map"]): string | undefined {
  if (!map) return JSON.stringify({ ...event, tenant: undefined });
  const shown = map(event);
  if (shown === undefined) return undefined;
  const text: string | undefined = isPromise(shown) ? undefined : JSON.stringify(shown);
  // The application's mistake, which is nothing to the client.
  if (text === undefined)
    throw new Error(
      `map returned ${describeValue(shown)} for an event of type ${JSON.stringify(event.type)}; it must return JSON, or undefined to leave the event out.`,
    );
  return text;
}

function checkPath(value: unknown, path: string): string {
  if (typeof value === "string" && /^(?:\/[^/?#]+)*$/.test(value)) return value;
  throw new InvalidArgumentError(path, `must be "" or a path such as "/events", without a slash at its end, not ${describeValue(value)}`);
}
