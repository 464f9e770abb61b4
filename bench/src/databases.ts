import { randomBytes } from "node:crypto";
import pg from "pg";
import { startServer } from "@tidemark/servers";

/** One server for all contestants. */
export interface Databases extends AsyncDisposable {
  /** Its admin database. */
  readonly url: string;
  create(): Promise<string>;
  drop(url: string): Promise<void>;
}

/** Uses the server at `url`, or starts one of PostgreSQL 18 with its default settings, so durable. */
export async function openDatabases(url: string | undefined): Promise<Databases> {
  const server = url === undefined ? await startServer({ version: 18 }) : undefined;
  const admin = url ?? server?.url ?? "";
  return {
    url: admin,
    async create() {
      const name = `tidemark_bench_${randomBytes(6).toString("hex")}`;
      await runSql(admin, `create database ${name}`);
      const created = new URL(admin);
      created.pathname = `/${name}`;
      return created.href;
    },
    // Not by force: PostgreSQL waits some seconds for sessions that are about to end.
    drop: (created) => runSql(admin, `drop database ${new URL(created).pathname.slice(1)}`),
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  };
}

export async function runSql(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
