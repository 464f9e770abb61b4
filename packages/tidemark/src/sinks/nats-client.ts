import { importPeer } from "./peer.ts";

/** As much of the packages @nats-io/transport-node and @nats-io/jetstream as publishing needs. */
export interface NatsConnection {
  readonly info?: { readonly max_payload?: number } | undefined;
  isClosed(): boolean;
  close(): Promise<void>;
}

export interface NatsHeaders {
  append(name: string, value: string): void;
}

export interface JetStream {
  publish(
    subject: string,
    body: Uint8Array,
    options: { readonly headers: NatsHeaders; readonly msgID?: string; readonly expect?: { readonly streamName: string } },
  ): Promise<unknown>;
}

export interface JetStreamManager {
  readonly streams: { find(subject: string): Promise<string> };
}

interface Transport {
  readonly connect: (options: object) => Promise<NatsConnection>;
  readonly headers: () => NatsHeaders;
  readonly credsAuthenticator: (credentials: Uint8Array) => unknown;
}

interface Streams {
  readonly jetstream: (connection: NatsConnection, options: object) => JetStream;
  readonly jetstreamManager: (connection: NatsConnection, options: object) => Promise<JetStreamManager>;
}

const purpose = "Publishing to NATS";

/** @throws {@link MissingDependencyError} */
export async function natsClient(): Promise<Transport & Streams> {
  const transport = await importPeer("@nats-io/transport-node", purpose, (loaded) => (isTransport(loaded) ? loaded : undefined));
  const streams = await importPeer("@nats-io/jetstream", purpose, (loaded) => (hasStreams(loaded) ? loaded : undefined));
  const { connect, headers, credsAuthenticator } = transport;
  const { jetstream, jetstreamManager } = streams;
  return { connect, headers, credsAuthenticator, jetstream, jetstreamManager };
}

function isTransport(loaded: object): loaded is Transport {
  return areFunctions(loaded, "connect", "headers", "credsAuthenticator");
}

function hasStreams(loaded: object): loaded is Streams {
  return areFunctions(loaded, "jetstream", "jetstreamManager");
}

function areFunctions(loaded: object, ...names: readonly string[]): boolean {
  return names.every((name) => typeof Reflect.get(loaded, name) === "function");
}
