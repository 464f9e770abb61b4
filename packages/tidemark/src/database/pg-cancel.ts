import type { Connection } from "pg";
import type { PgClient } from "./pg-client.ts";
import { defaultGraceMs } from "./verdict.ts";

/** The parts of pg's connection that its type declarations leave out. */
interface WireConnection extends Connection {
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/**
 * Asks the server to cancel what `client` runs, with the protocol's own request: it needs no login and no free connection
 * slot, and poolers pass it on, whose process ids `pg_cancel_backend` would not know. Resolves when the server has closed
 * the request's connection, at which time the signal has been sent.
 */
export async function cancelOnServer(client: PgClient): Promise<void> {
  const { processID, secretKey } = client;
  if (processID === null || secretKey === null) return;
  const { default: pg } = await import("pg");
  const secure = client.ssl instanceof Object || client.ssl === true;
  const config = secure ? { ssl: client.ssl as object } : {};
  const connection = new pg.Connection(config) as WireConnection;
  await new Promise<void>((resolve, reject) => {
    const tooLate = setTimeout(() => connection.stream.destroy(), defaultGraceMs);
    connection.once("error", reject);
    connection.once("end", () => {
      clearTimeout(tooLate);
      resolve();
    });
    connection.once("connect", () => (secure ? connection.requestSsl() : connection.cancel(processID, secretKey)));
    connection.once("sslconnect", () => connection.cancel(processID, secretKey));
    if (client.host.startsWith("/")) connection.connect(`${client.host}/.s.PGSQL.${client.port}`);
    else connection.connect(client.port, client.host);
  });
}
