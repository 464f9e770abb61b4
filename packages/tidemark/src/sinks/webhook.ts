import { createHash, createHmac } from "node:crypto";
import { checkFunction, wholeNumber } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { DestinationUnavailableError, MessageRefusedError } from "../errors/relays.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { OutgoingMessage, Sink } from "../relays/sink.ts";
import { retryAfterMs } from "./retry-after.ts";

/**
 * Options of `webhook`.
 *
 * @example
 * ```ts
 * const options: WebhookOptions = { url: "https://partner.example/hooks", secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" };
 * ```
 */
export interface WebhookOptions {
  /** Where to post. As a function, each message's endpoint: then an endpoint that is down holds up no other. http or https. */
  readonly url: string | ((event: RecordedEvent) => string);
  /**
   * The endpoint's secret: `whsec_` and 24 to 64 bytes in base64. Several sign each message with each of them, for the time in which a
   * secret is replaced. As a function, that of each message's endpoint.
   */
  readonly secret: string | readonly string[] | ((event: RecordedEvent) => string | readonly string[]);
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long an endpoint may take to answer. @defaultValue 15,000 */
  readonly timeoutMs?: number;
  /** Sends requests, for a proxy or an agent of your own. @defaultValue the built-in `fetch` */
  readonly fetch?: typeof fetch;
}

const name = "webhook";
/** With these an endpoint says that it will never take this message. */
const refusals = new Set([400, 410, 413, 415, 422]);
/** They tell how the bytes travel. With one of a message's own, the request would fail however often it is tried. */
const connectionHeaders = ["connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"] as const;

const shape = {
  url: (value: unknown, path: string) =>
    typeof value === "function" ? checkFunction<(event: RecordedEvent) => string>(value, path) : checkEndpoint(value, path).href,
  secret: (value: unknown, path: string) =>
    typeof value === "function" ? checkFunction<(event: RecordedEvent) => string | readonly string[]>(value, path) : checkSecrets(value, path),
  headers: checkHeaders,
  timeoutMs: wholeNumber(1, 2_147_483_647),
  fetch: checkFunction<typeof fetch>,
};

/**
 * Returns a sink that posts messages to an HTTP endpoint, signed as Standard Webhooks 1.0 says: `webhook-id` is the event's id,
 * `webhook-timestamp` the time of the try, `webhook-signature` a signature for each secret.
 *
 * An answer of 2xx acknowledges a message. 400, 410, 413, 415 and 422 refuse it, and so does a header of its own that belongs to the
 * connection, such as `content-length`. Anything else, a redirection too, and no answer is an endpoint that is unavailable. With one `url`, the
 * relay holds until it answers. With a function, the message is tried again as often as the relay's `retry` says, and then parked with the later
 * ones of its endpoint: unless the relay has a `key` of its own, the endpoint is the key. `retry-after` is heeded.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid.
 *
 * @example
 * ```ts
 * const partner = defineRelay({
 *   name: "partner",
 *   to: webhook({ url: "https://partner.example/hooks", secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" }),
 * });
 * ```
 */
export function webhook(options: WebhookOptions): Sink {
  const { url, secret, headers = {}, timeoutMs = 15_000, fetch: send = fetch } = checkOptions(options, shape);
  if (url === undefined) throw new InvalidArgumentError("options.url", "is missing");
  if (secret === undefined) throw new InvalidArgumentError("options.secret", "is missing: receivers know by its signature whom a message is from");
  const posting = new WebhookSink({ url, secret, headers, timeoutMs, send });
  return {
    name,
    ...(typeof url === "function" && { key: (event) => endpointKey(checkEndpoint(url(event), `url(${event.type})`)) }),
    publish: (message, { signal }) => posting.publish(message, signal),
    close: () => posting.close(),
  };
}

interface Posting {
  readonly url: string | ((event: RecordedEvent) => string);
  readonly secret: readonly Buffer[] | ((event: RecordedEvent) => string | readonly string[]);
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly send: typeof fetch;
}

class WebhookSink {
  readonly #posting: Posting;
  readonly #inFlight = new Set<Promise<unknown>>();
  /** Until when the one endpoint asked to be left alone, by this process's clock. */
  #notBefore = 0;

  constructor(posting: Posting) {
    this.#posting = posting;
  }

  async publish(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const posted = this.#publish(message, signal);
    this.#inFlight.add(posted);
    try {
      await posted;
    } finally {
      this.#inFlight.delete(posted);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  async #publish(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const { url, secret } = this.#posting;
    const { type } = message.event;
    const unfit = connectionHeaders.find((header) => message.headers[header] !== undefined);
    if (unfit !== undefined)
      throw new MessageRefusedError({ sink: name, messageId: message.id }, `its header "${unfit}" belongs to the connection. Give it another name`);
    const endpoint = typeof url === "string" ? new URL(url) : checkEndpoint(url(message.event), `url(${type})`);
    const secrets = typeof secret === "function" ? checkSecrets(secret(message.event), `secret(${type})`) : secret;
    const restMs = this.#notBefore - performance.now();
    if (typeof url === "string" && restMs > 0) throw new Error(`${shownEndpoint(endpoint)} asked to wait for another ${Math.ceil(restMs / 1_000)} s`);
    const { status, waitMs, reason } = await this.#post(endpoint, message, secrets, signal);
    if (status >= 200 && status < 300) return;
    if (refusals.has(status)) throw new MessageRefusedError({ sink: name, messageId: message.id }, `${shownEndpoint(endpoint)} answered ${reason}`);
    if (typeof url !== "string")
      throw new DestinationUnavailableError({ sink: name, destination: shownEndpoint(endpoint), retryAfterMs: waitMs }, `it answered ${reason}`);
    if (waitMs !== undefined) this.#notBefore = performance.now() + waitMs;
    throw new Error(`${shownEndpoint(endpoint)} answered ${reason}`);
  }

  /** Status 0: there was no answer. */
  async #post(
    endpoint: URL,
    { id, body, contentType, headers }: OutgoingMessage,
    secrets: readonly Buffer[],
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly waitMs: number | undefined; readonly reason: string }> {
    const timestamp = `${Math.floor(Date.now() / 1_000)}`;
    const { send, timeoutMs, headers: own } = this.#posting;
    try {
      const response = await send(endpoint, {
        method: "POST",
        // A redirection would send the message, and its signature, where nobody has configured it to go.
        redirect: "manual",
        headers: {
          ...own,
          ...headers,
          "content-type": contentType,
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": secrets.map((secret) => `v1,${signature(secret, id, timestamp, body)}`).join(" "),
        },
        // A copy, as the types of fetch want no shared memory.
        body: new Uint8Array(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      const { status } = response;
      return { status, waitMs: retryAfterMs(response.headers.get("retry-after")), reason: `${status}` };
    } catch (error) {
      signal.throwIfAborted();
      const { name: kind, cause } = error instanceof Error ? error : new Error(String(error));
      const told = kind === "TimeoutError" ? `nothing for ${timeoutMs} ms` : `nothing: ${messageOf(cause) ?? messageOf(error) ?? "no connection"}`;
      return { status: 0, waitMs: undefined, reason: told };
    }
  }
}

function messageOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.message || ("code" in error && typeof error.code === "string" ? error.code : undefined);
}

function signature(secret: Buffer, id: string, timestamp: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(body).digest("base64");
}

/** Without what may be secret in it. */
function shownEndpoint({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Kept with dead letters, so it holds no secret, and no more bytes than a key may. */
function endpointKey(endpoint: URL): string {
  const shown = shownEndpoint(endpoint);
  const key = endpoint.search === "" ? shown : `${shown}?${digest(endpoint.search)}`;
  return Buffer.byteLength(key) <= 512 ? key : digest(endpoint.href);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function checkEndpoint(value: unknown, path: string): URL {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url && (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "") return url;
  throw new InvalidArgumentError(path, `must be an http or https URL without user name and password, not ${describeValue(value)}`);
}

function checkSecrets(value: unknown, path: string): readonly Buffer[] {
  const secrets: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (secrets.length === 0) throw new InvalidArgumentError(path, "is empty: a message needs a signature");
  return secrets.map((secret, at) => {
    const text = typeof secret === "string" && /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) ? secret.slice("whsec_".length) : "";
    const bytes = Buffer.from(text, "base64");
    // The secret itself must not get into a log.
    if (bytes.length < 24 || bytes.length > 64)
      throw new InvalidArgumentError(Array.isArray(value) ? `${path}[${at}]` : path, "must be whsec_ and 24 to 64 bytes in base64");
    return bytes;
  });
}

function checkHeaders(value: unknown, path: string): Readonly<Record<string, string>> {
  if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object of strings, not ${describeValue(value)}`);
  try {
    return Object.fromEntries(new Headers(Object.entries(value).map(([key, text]): [string, string] => [key, String(text)])).entries());
  } catch (error) {
    throw new InvalidArgumentError(path, "holds a name or a value that no header can have", { cause: error });
  }
}
