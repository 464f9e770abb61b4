import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCertificate, startServer } from "@tidemark/servers";
import pg from "pg";
import { defineConsumer, openEventStore, type StoreOptions } from "tidemark";
import { inside } from "../cli/run.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { open, rejection, sleep } from "./open.ts";

/**
 * `secure`: a server whose certificate is for `localhost`, the files of its authority and of another one, and the URL of the
 * server by a host's name, with what the URL says of TLS.
 */
const test = base.extend("secure", { scope: "file" }, async ({}, { onCleanup }) => {
  const [{ authority, server: certificate }, other] = await Promise.all([createCertificate("localhost"), createCertificate("localhost")]);
  const server = await startServer({ settings: { fsync: "off" }, certificate });
  const folder = await mkdtemp(join(tmpdir(), "tidemark-tls-"));
  onCleanup(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const files = { authority: join(folder, "authority.crt"), other: join(folder, "other.crt") };
  await writeFile(files.authority, authority);
  await writeFile(files.other, other.authority);
  const at = (host: string, tls: Readonly<Record<string, string>>): string => {
    const url = new URL(server.url);
    url.hostname = host;
    for (const [name, value] of Object.entries(tls)) url.searchParams.set(name, value);
    return url.href;
  };
  return { ...files, ca: authority, url: server.url, at, verified: at("localhost", { sslmode: "verify-full", sslrootcert: files.authority }) };
});

const quiet: StoreOptions["logger"] = { debug() {}, info() {}, warn() {}, error() {} };
const refused = { code: "CONNECTION", sent: false, retryable: false };

describe("with TLS and a certificate that is verified", () => {
  test("every connection of a store is encrypted: the pool's, those beside it, and the one that listens", async ({ secure }) => {
    await using store = await openEventStore(secure.verified, { logger: quiet });
    await using worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] });
    await worker.start();
    await store.appendToStream("cart-1", [itemAdded()]);
    await worker.caughtUp();
    const ways = async (): Promise<readonly unknown[]> =>
      (
        await store.query(
          "select distinct a.application_name as name, s.ssl from pg_stat_activity as a join pg_stat_ssl as s using (pid) where a.application_name like 'tidemark%' order by 1",
        )
      ).rows;
    await eventually(async () =>
      expect(await ways()).toEqual([
        { name: "tidemark", ssl: true },
        { name: "tidemark listener", ssl: true },
        { name: "tidemark side", ssl: true },
      ]),
    );
    await worker.stop();
  });

  test("a statement that takes too long is cancelled", async ({ secure }) => {
    await using opened = await open(secure.verified, { queryTimeoutMs: 50 });
    expect(await rejection(opened.database.query(sleep, [600]))).toMatchObject({ code: "DATABASE", sqlState: "57014" });
  });

  test("a pool of the application's own brings its authority along", async ({ secure }) => {
    const pool = new pg.Pool({ connectionString: secure.at("localhost", {}), ssl: { ca: secure.ca } });
    const store = await openEventStore({ pool, logger: quiet, schema: "own_pool" });
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.close();
    await pool.end();
  });
});

describe("a certificate is refused, before anything is sent,", () => {
  test("of another authority", async ({ secure }) => {
    const url = secure.at("localhost", { sslmode: "verify-full", sslrootcert: secure.other });
    expect(await rejection(openEventStore(url))).toMatchObject({ ...refused, message: expect.stringMatching(/certificate was refused: .*sslrootcert=/) });
  });

  test("of an authority that the system does not know", async ({ secure }) => {
    for (const sslmode of ["require", "verify-full"]) expect(await rejection(openEventStore(secure.at("localhost", { sslmode })))).toMatchObject(refused);
  });

  test("for another host", async ({ secure }) => {
    const url = secure.at("127.0.0.1", { sslmode: "verify-full", sslrootcert: secure.authority });
    expect(await rejection(openEventStore(url))).toMatchObject({ ...refused, message: expect.stringContaining("127.0.0.1") });
  });

  test("and is not where nobody asks for it", async ({ secure }) => {
    await using store = await openEventStore(secure.at("127.0.0.1", { sslmode: "no-verify" }), { logger: quiet });
    expect((await store.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()")).rows).toEqual([{ ssl: true }]);
  });
});

test("a server without TLS is refused where the URL asks for it", async ({ databaseUrl }) => {
  const url = new URL(databaseUrl);
  url.searchParams.set("sslmode", "verify-full");
  expect(await rejection(openEventStore(url.href))).toMatchObject({ code: "CONNECTION", sent: false });
});

test("PostgreSQL's own variables give the command an address with TLS", async ({ secure }) => {
  const { port, username, password } = new URL(secure.url);
  const env = { PGHOST: "localhost", PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: "postgres", PGSSLMODE: "verify-full" };
  const migrate = ["migrate", "up", "--schema", "variables"];
  expect(await inside(migrate, { env: { ...env, PGSSLROOTCERT: secure.authority } })).toMatchObject({ code: 0 });
  const { code, stderr } = await inside(migrate, { env: { ...env, PGSSLROOTCERT: secure.other } });
  expect([code, stderr]).toEqual([1, expect.stringContaining("certificate was refused")]);
});
