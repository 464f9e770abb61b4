import { isRecord } from "../arguments/options.ts";
import { MessageRefusedError } from "../errors/relays.ts";
import type { OutgoingMessage } from "../relays/sink.ts";
import { bufferOf } from "./buffer-of.ts";
import { InFlight } from "./in-flight.ts";
import type { Session } from "./reconnecting.ts";
import { type RedisClient, redisClient } from "./redis-client.ts";

const sink = "redis";
const connectTimeoutMs = 10_000;

export interface RedisAccess {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: object | undefined;
}

interface Target {
  readonly stream: string;
  readonly maxLength: number | undefined;
  readonly createStreams: boolean;
}

/** One connection to Redis. Commands are pipelined: they are answered in their order. */
export class RedisSession implements Session {
  readonly #client: RedisClient;
  readonly #mostBytes: number;
  readonly #inFlight = new InFlight(() => this.#drop());
  #lost = false;

  private constructor(client: RedisClient, mostBytes: number) {
    this.#client = client;
    this.#mostBytes = mostBytes;
  }

  /** @throws {@link MissingDependencyError} */
  static async open({ url, username, password, tls }: RedisAccess): Promise<RedisSession> {
    const client = await redisClient({
      // The client lets what the address says override the rest.
      ...accessOf(url, username, password),
      disableOfflineQueue: true,
      maintNotifications: "disabled",
      // Whoever holds the session opens another one: the client would send again what it had sent.
      socket: { ...tls, connectTimeout: connectTimeoutMs, reconnectStrategy: false },
    });
    // What is lost is told by the call that waits for it.
    client.on("error", () => {});
    // The client's own limit ends when the connection stands: a server that hangs would be waited for without end.
    const late = setTimeout(() => client.destroy(), connectTimeoutMs);
    try {
      await client.connect();
      return new RedisSession(client, await mostBytes(client));
    } finally {
      clearTimeout(late);
    }
  }

  get usable(): boolean {
    return !this.#lost && this.#client.isReady;
  }

  publish(message: OutgoingMessage, target: Target, signal: AbortSignal): Promise<void> {
    return this.#inFlight.wait(this.#add(message, target), signal);
  }

  async close(): Promise<void> {
    await this.#inFlight.idle();
    this.#drop();
  }

  async #add(message: OutgoingMessage, { stream, maxLength, createStreams }: Target): Promise<void> {
    const { id, body, contentType, headers, event } = message;
    const refuse = (reason: string, cause?: unknown): MessageRefusedError => new MessageRefusedError({ sink, messageId: id }, reason, { cause });
    // The server answers this with an error too, and closes the connection: the answer may be lost with it.
    if (body.byteLength > this.#mostBytes) throw refuse(`it has ${body.byteLength} bytes, and the server takes ${this.#mostBytes} (proto-max-bulk-len)`);
    const command: (string | Buffer)[] = ["XADD", stream];
    if (!createStreams) command.push("NOMKSTREAM");
    if (maxLength !== undefined) command.push("MAXLEN", "~", `${maxLength}`);
    command.push("*", "id", id, "type", event.type, "contentType", contentType);
    for (const [name, value] of Object.entries(headers)) command.push(`header:${name}`, value);
    command.push("body", bufferOf(body));
    let entry: unknown;
    try {
      entry = await this.#client.sendCommand(command);
    } catch (error) {
      const said = error instanceof Error ? error.message : "";
      // A primary that became a replica stays one: another connection may lead to the new primary.
      if (said.startsWith("READONLY")) this.#drop();
      const reason = refusalOf(said, stream);
      throw reason === undefined ? error : refuse(reason, error);
    }
    if (entry === null) throw refuse(`there is no stream ${JSON.stringify(stream)}`);
  }

  #drop(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#client.destroy();
  }
}

function accessOf(url: string, username: string | undefined, password: string | undefined): object {
  const address = new URL(url);
  const named = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  if (username !== undefined) address.username = "";
  if (password !== undefined) address.password = "";
  return { url: address.href, ...named };
}

/** The largest body that the server takes, as far as it tells. */
async function mostBytes(client: RedisClient): Promise<number> {
  const name = "proto-max-bulk-len";
  // Managed servers forbid the command.
  const config: unknown = await client.sendCommand(["CONFIG", "GET", name]).catch(() => undefined);
  const bytes = Number(isRecord(config) ? config[name] : undefined);
  return bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
}

/** Why the server will never take this message. Undefined: it cannot take it now, as when its memory is full or it is a replica. */
function refusalOf(said: string, stream: string): string | undefined {
  if (said.startsWith("WRONGTYPE")) return `the key ${JSON.stringify(stream)} holds no stream`;
  if (/^NOPERM .*\bkeys?\b/.test(said)) return `the user may not write the key ${JSON.stringify(stream)}`;
  return said.includes("Protocol error: invalid bulk length") ? "it is larger than the server allows (proto-max-bulk-len)" : undefined;
}
