// As much of the package redis as the tests use: its types are not there where it is not installed.
export interface Client {
  readonly isReady: boolean;
  sendCommand(args: readonly string[]): Promise<unknown>;
  /** Every entry of a stream, in order: its fields. */
  entries(stream: string): Promise<readonly ReadonlyMap<string, Buffer>[]>;
  destroy(): void;
}

interface RedisClient {
  readonly isReady: boolean;
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
  destroy(): void;
}

const name: string = "redis";

export async function connect(url: string, tls: object = {}): Promise<Client> {
  const { createClient, RESP_TYPES }: { createClient(options: object): RedisClient; RESP_TYPES: { readonly BLOB_STRING: number } } = await import(name);
  const client = createClient({ url, disableOfflineQueue: true, socket: { ...tls, reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  return {
    get isReady() {
      return client.isReady;
    },
    sendCommand: (args) => client.sendCommand(args),
    async entries(stream) {
      const found: unknown = await client.sendCommand(["XRANGE", stream, "-", "+"], { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } });
      return listOf(found).map((entry) => fieldsOf(listOf(listOf(entry)[1])));
    },
    destroy: () => client.destroy(),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(flat: readonly unknown[]): ReadonlyMap<string, Buffer> {
  const fields = new Map<string, Buffer>();
  for (let at = 0; at < flat.length; at += 2) {
    const value = flat[at + 1];
    if (value instanceof Buffer) fields.set(String(flat[at]), value);
  }
  return fields;
}
