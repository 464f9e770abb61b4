import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus } from "node:os";
import pg from "pg";
import { dcbVersion } from "../subjects/dcb-es.ts";
import { emmettVersion } from "../subjects/emmett.ts";

const settings = ["server_version", "fsync", "synchronous_commit", "shared_buffers"] as const;

/** Of everything that takes part. */
export async function versions(url: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, string>>(`select ${settings.map((name) => `current_setting('${name}') as ${name}`).join(", ")}`);
    const server = rows[0] ?? {};
    return {
      Node: process.versions.node,
      pg: packageVersion("pg"),
      PostgreSQL: `${server["server_version"]} (fsync ${server["fsync"]}, synchronous_commit ${server["synchronous_commit"]}, shared_buffers ${server["shared_buffers"]})`,
      Tidemark: packageVersion("tidemark"),
      Emmett: emmettVersion() ?? "not installed",
      "@dcb-es": dcbVersion() ?? "not installed",
      CPU: `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores`,
    };
  } finally {
    await client.end();
  }
}

function packageVersion(name: string): string {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return version;
}
