import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.ts";
import { handOver } from "./folders.ts";

/** A certificate and its private key, as PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * An authority of its own, and what it has signed: a certificate for a server of these names. Valid for two days. Needs the program `openssl`.
 *
 * @param names - `"localhost"`: DNS names.
 */
export async function createCertificate(...names: readonly string[]): Promise<{ readonly authority: string; readonly server: Certificate }> {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-certificate-"));
  const openssl = (...args: readonly string[]): Promise<unknown> => promisify(execFile)("openssl", args, { cwd: folder });
  try {
    await openssl("req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=authority", "-keyout", "authority.key", "-out", "authority.crt");
    await openssl("req", ...newKey, "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr");
    await writeFile(join(folder, "extensions"), `subjectAltName = ${names.map((name) => `DNS:${name}`).join(", ")}\n`);
    const signed = ["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions"];
    await openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.crt");
    const read = (file: string): Promise<string> => readFile(join(folder, file), "utf8");
    return { authority: await read("authority.crt"), server: { certificate: await read("server.crt"), key: await read("server.key") } };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The settings of a server that has a certificate. */
export const tlsSettings = { ssl: "on", ssl_cert_file: "server.crt", ssl_key_file: "server.key" } as const;

/** Puts a certificate where `tlsSettings` look for it. A server refuses a key that others may read. */
export async function installCertificate(data: string, { certificate, key }: Certificate, account: Account): Promise<void> {
  await writeFile(join(data, tlsSettings.ssl_cert_file), certificate);
  await writeFile(join(data, tlsSettings.ssl_key_file), key);
  await chmod(join(data, tlsSettings.ssl_key_file), 0o600);
  await handOver(data, account);
}
