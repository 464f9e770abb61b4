import { MessageRefusedError } from "../errors/relays.ts";
import type { OutgoingMessage } from "../relays/sink.ts";
import { InFlight } from "./in-flight.ts";
import { type JetStream, type JetStreamManager, natsClient, type NatsConnection, type NatsHeaders } from "./nats-client.ts";
import type { Session } from "./reconnecting.ts";

const sink = "nats";
const connectTimeoutMs = 10_000;
/** After two of these without an answer a connection counts as lost. */
const pingIntervalMs = 10_000;
/** Longer than a relay waits: it drops the session, and with it what it waits for. */
const ackTimeoutMs = 600_000;
const apiTimeoutMs = 10_000;

/** Codes of JetStream's errors: what a stream will never take. Others, such as a stream that is full, may pass. */
const refusals = new Set([
  10_054, // larger than the stream's max_msg_size
  10_060, // the subject belongs to another stream
  10_109, // the stream is sealed
]);

export interface NatsAccess {
  readonly servers: readonly string[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly credentials: string | undefined;
  readonly tls: object | undefined;
}

interface Target {
  readonly subject: string;
  readonly stream: string | undefined;
}

interface Parts {
  readonly connection: NatsConnection;
  readonly streams: JetStream;
  readonly manager: JetStreamManager;
  readonly newHeaders: () => NatsHeaders;
}

/** One connection to a NATS server. */
export class NatsSession implements Session {
  readonly #parts: Parts;
  readonly #inFlight = new InFlight(() => void this.#end());
  #ending = false;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {@link MissingDependencyError} */
  static async open({ servers, user, password, token, credentials, tls }: NatsAccess): Promise<NatsSession> {
    const { connect, headers, credsAuthenticator, jetstream, jetstreamManager } = await natsClient();
    const connection = await connect({
      servers,
      ...(user !== undefined && { user }),
      ...(password !== undefined && { pass: password }),
      ...(token !== undefined && { token }),
      ...(credentials !== undefined && { authenticator: credsAuthenticator(Buffer.from(credentials)) }),
      ...(tls && { tls }),
      // Whoever holds the session opens another one: the client would wait for answers that never come.
      reconnect: false,
      timeout: connectTimeoutMs,
      pingInterval: pingIntervalMs,
      // A stack for each message costs more than the message.
      noAsyncTraces: true,
    });
    try {
      const streams = jetstream(connection, { timeout: ackTimeoutMs });
      const manager = await jetstreamManager(connection, { timeout: apiTimeoutMs, checkAPI: false });
      return new NatsSession({ connection, streams, manager, newHeaders: headers });
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get usable(): boolean {
    return !this.#ending && !this.#parts.connection.isClosed();
  }

  publish(message: OutgoingMessage, target: Target, signal: AbortSignal): Promise<void> {
    return this.#inFlight.wait(this.#publish(message, target), signal);
  }

  async close(): Promise<void> {
    await this.#inFlight.idle();
    await this.#end();
  }

  async #publish(message: OutgoingMessage, { subject, stream }: Target): Promise<void> {
    const { streams, newHeaders } = this.#parts;
    const headers = newHeaders();
    for (const [name, value] of Object.entries(message.headers)) headers.append(name, value);
    headers.append("Content-Type", message.contentType);
    // A replay publishes on purpose what the stream may still know.
    const again = message.headers["tidemark-replay"] !== undefined;
    try {
      await streams.publish(subject, message.body, {
        headers,
        ...(!again && { msgID: message.id }),
        ...(stream !== undefined && { expect: { streamName: stream } }),
      });
    } catch (error) {
      const reason = await this.#refusalOf(error, message, subject);
      throw reason === undefined ? error : new MessageRefusedError({ sink, messageId: message.id }, reason, { cause: error });
    }
  }

  /** Why this message will never be taken. Undefined: it cannot be taken now. */
  async #refusalOf(error: unknown, { body }: OutgoingMessage, subject: string): Promise<string | undefined> {
    const { name, message, cause, code } = told(error);
    if (name === "JetStreamApiError") return typeof code === "number" && refusals.has(code) ? `${message} (${code})` : undefined;
    if (name === "InvalidArgumentError" && message.includes("max_payload"))
      return `with its headers it is larger than the ${this.#parts.connection.info?.max_payload} bytes that the server takes; its body has ${body.byteLength}`;
    if (cause.name === "PermissionViolationError") return `the user may not publish to ${JSON.stringify(subject)}`;
    // So the client calls it where nothing answers.
    if (name === "JetStreamNotEnabled" && !(await this.#hasStream(subject))) return `no stream takes the subject ${JSON.stringify(subject)}`;
    return undefined;
  }

  /** A stream that has no leader at the moment answers nothing either. */
  async #hasStream(subject: string): Promise<boolean> {
    try {
      await this.#parts.manager.streams.find(subject);
      return true;
    } catch (error) {
      if (told(error).name === "JetStreamApiError" || told(error).name === "StreamNotFoundError") return false;
      throw error;
    }
  }

  async #end(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await this.#parts.connection.close();
  }
}

interface Told {
  readonly name: string;
  readonly message: string;
  readonly code: unknown;
}

/** By names, not by classes: they are those of packages that may not be there. Errors of requests have the one that matters as their last cause. */
function told(error: unknown): Told & { readonly cause: Told } {
  const self = toldAlone(error);
  let last = error;
  while (last instanceof Error && last.cause instanceof Error) last = last.cause;
  return { ...self, cause: toldAlone(last) };
}

function toldAlone(error: unknown): Told {
  if (!(error instanceof Error)) return { name: "", message: String(error), code: undefined };
  return { name: error.name, message: error.message, code: "code" in error ? error.code : undefined };
}
