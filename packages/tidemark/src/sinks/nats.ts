import type { ConnectionOptions } from "node:tls";
import { listOf } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { MessageRefusedError } from "../errors/relays.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Sink } from "../relays/sink.ts";
import { categoryAndType, checkAddress, checkText, checkTls, textOf, textOrFunction } from "./broker-options.ts";
import { type NatsAccess, NatsSession } from "./nats-session.ts";
import { Reconnecting } from "./reconnecting.ts";

/**
 * Options of `nats`.
 *
 * @example
 * ```ts
 * const options: NatsOptions = { url: "nats://127.0.0.1:4222", subject: (event) => `shop.${event.category}` };
 * ```
 */
export interface NatsOptions {
  /**
   * `nats://user:password@host:port`, or `tls://…`, which demands TLS. A list: servers of one cluster, with the same user. Credentials in it are
   * never told in errors.
   */
  readonly url: string | readonly string[];
  /** In place of the one in `url`. */
  readonly user?: string;
  /** In place of the one in `url`. */
  readonly password?: string;
  readonly token?: string;
  /** What a `.creds` file holds: a user's JWT and seed. */
  readonly credentials?: string;
  /** Certificates and the like: options of Node's `tls.connect`. Demands TLS. @defaultValue the system's authorities */
  readonly tls?: ConnectionOptions;
  /** The subject to publish to, which a stream must take. @defaultValue the event's category and type: `cart.CartConfirmed`; of a message of the outbox its topic */
  readonly subject?: string | ((event: RecordedEvent) => string);
  /** The stream that the subject must belong to. Messages of others are refused. @defaultValue any */
  readonly stream?: string;
}

const name = "nats";

const checkServer = checkAddress(["nats:", "tls:"]);

const shape = {
  url: (value: unknown, path: string) => (Array.isArray(value) ? listOf(checkServer, "name a server")(value, path) : [checkServer(value, path)]),
  user: checkText,
  password: checkText,
  token: checkText,
  credentials: checkText,
  tls: checkTls,
  subject: textOrFunction,
  stream: checkText,
};

/**
 * Returns a sink that publishes to NATS JetStream: a message is acknowledged once its stream has stored it. It needs the packages
 * `@nats-io/transport-node` and `@nats-io/jetstream`, 3 or later.
 *
 * A message carries its id as `Nats-Msg-Id`: a stream drops what it got before within its `duplicate_window`, two minutes by default. Messages of a replay carry
 * none. Its media type is the header `Content-Type`. A message is refused if no stream takes its
 * subject, if it is larger than the server or the stream allows, or if the user may not publish to its subject. A stream that is full and discards new messages
 * holds up the relay until it has room.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid.
 * @throws {@link MissingDependencyError} — at the first message: a package is not installed. The relay tells of it, and holds.
 *
 * @example
 * ```ts
 * const out = defineRelay({ name: "shop-out", to: nats({ url: "nats://127.0.0.1:4222" }) });
 * ```
 */
export function nats(options: NatsOptions): Sink {
  const { url, subject = categoryAndType, stream, ...given } = checkOptions(options, shape);
  if (url === undefined) throw new InvalidArgumentError("options.url", "is missing");
  const access = accessOf(url, given);
  const connection = new Reconnecting(() => NatsSession.open(access));
  return {
    name,
    async publish(message, { signal }) {
      const target = { subject: textOf(name, "subject", subject, message), stream };
      if (!isSubject(target.subject))
        throw new MessageRefusedError(
          { sink: name, messageId: message.id },
          `its subject ${JSON.stringify(target.subject)} has an empty part, a space, or a wildcard`,
        );
      const session = await connection.get();
      await session.publish(message, target, signal);
    },
    close: () => connection.close(),
  };
}

type Given = Partial<Pick<NatsAccess, "user" | "password" | "token" | "credentials" | "tls">>;

/** The client takes no credentials from addresses. */
function accessOf(urls: readonly string[], { user, password, token, credentials, tls }: Given): NatsAccess {
  const addresses = urls.map((url) => new URL(url));
  const named = addresses.find(({ username }) => username !== "");
  // nats://token@host
  const isToken = named?.password === "";
  const inAddress = named && { name: decodeURIComponent(named.username), password: decodeURIComponent(named.password) };
  return {
    servers: addresses.map(({ host }) => host),
    user: user ?? (isToken ? undefined : inAddress?.name),
    password: password ?? (isToken ? undefined : inAddress?.password),
    token: token ?? (isToken && user === undefined ? inAddress?.name : undefined),
    credentials,
    tls: tls ?? (addresses.some(({ protocol }) => protocol === "tls:") ? {} : undefined),
  };
}

function isSubject(text: string): boolean {
  return !/[\s*>]/.test(text) && text.split(".").every((part) => part !== "");
}
