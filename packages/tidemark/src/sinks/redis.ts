import type { ConnectionOptions } from "node:tls";
import { checkBoolean, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Sink } from "../relays/sink.ts";
import { checkAddress, checkText, checkTls, textOf, textOrFunction } from "./broker-options.ts";
import { Reconnecting } from "./reconnecting.ts";
import { RedisSession } from "./redis-session.ts";

/**
 * Options of `redis`.
 *
 * @example
 * ```ts
 * const options: RedisOptions = { url: "redis://127.0.0.1:6379", stream: (event) => `shop:${event.category}`, maxLength: 1_000_000 };
 * ```
 */
export interface RedisOptions {
  /** `redis://user:password@host:port/database`, or `rediss://…` for TLS. Credentials in it are never told in errors. */
  readonly url: string;
  /** In place of the one in `url`. */
  readonly username?: string;
  /** In place of the one in `url`. */
  readonly password?: string;
  /** Certificates and the like, for `rediss://`: options of Node's `tls.connect`. @defaultValue the system's authorities */
  readonly tls?: ConnectionOptions;
  /** The key of the Redis stream to add messages to. */
  readonly stream: string | ((event: RecordedEvent) => string);
  /** Whether a stream that does not exist is created. If not, its messages are refused. @defaultValue true */
  readonly createStreams?: boolean;
  /**
   * How many entries a stream keeps, approximately (`MAXLEN ~`). Older ones are removed, whether they were read or not.
   * @defaultValue all; trim streams yourself, or the memory of the server ends
   */
  readonly maxLength?: number;
}

const name = "redis";

const shape = {
  url: checkAddress(["redis:", "rediss:"]),
  username: checkText,
  password: checkText,
  tls: checkTls,
  stream: textOrFunction,
  createStreams: checkBoolean,
  maxLength: wholeNumber(1),
};

/**
 * Returns a sink that adds messages to Redis streams. A message is acknowledged once the server has answered `XADD`; how much that survives is up
 * to the server's settings. Redis 5 or later, or Valkey. It needs the package `redis`, 6 or later.
 *
 * An entry has the fields `id`, the event's id, `type`, `contentType`, `header:<name>` for each header, and `body`. A message is refused if its key holds
 * something else than a stream, if the user may not write that key, or if the body is larger than the server allows. A server whose memory is full, or that
 * became a replica, holds up the relay.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid.
 * @throws {@link MissingDependencyError} — at the first message: `redis` is not installed. The relay tells of it, and holds.
 *
 * @example
 * ```ts
 * const out = defineRelay({ name: "shop-out", to: redis({ url: "redis://127.0.0.1:6379", stream: "shop" }) });
 * ```
 */
export function redis(options: RedisOptions): Sink {
  const { url, username, password, tls, stream, createStreams = true, maxLength } = checkOptions(options, shape);
  if (url === undefined) throw new InvalidArgumentError("options.url", "is missing");
  if (stream === undefined) throw new InvalidArgumentError("options.stream", "is missing: the key of the stream to add messages to");
  if (tls && !url.startsWith("rediss:")) throw new InvalidArgumentError("options.tls", "needs a url that begins with rediss://");
  const connection = new Reconnecting(() => RedisSession.open({ url, username, password, tls }));
  return {
    name,
    async publish(message, { signal }) {
      const target = { stream: textOf(name, "stream", stream, message), maxLength, createStreams };
      const session = await connection.get();
      await session.publish(message, target, signal);
    },
    close: () => connection.close(),
  };
}
