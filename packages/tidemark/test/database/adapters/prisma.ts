import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import { fromPrisma } from "../../../src/index.ts";
import type { Orm } from "./orm.ts";

const schema = `
generator client {
  provider               = "prisma-client"
  output                 = "./client"
  importFileExtension    = "ts"
  generatedFileExtension = "ts"
}
datasource db {
  provider = "postgresql"
}
model Audit {
  id    Int    @id @default(autoincrement())
  entry String

  @@map("audit")
}
`;

/** What the tests use of the generated client. */
interface AuditTransaction {
  readonly audit: { create(row: { data: { entry: string } }): PromiseLike<unknown> };
  // oxlint-disable-next-line no-explicit-any -- as Prisma types its values
  $queryRawUnsafe<T = unknown>(text: string, ...values: any[]): PromiseLike<T>;
  // oxlint-disable-next-line no-explicit-any -- as Prisma types its values
  $executeRawUnsafe(text: string, ...values: any[]): PromiseLike<number>;
}

interface AuditClient extends AuditTransaction {
  $transaction(
    work: (tx: AuditTransaction) => Promise<void>,
    options?: { readonly isolationLevel?: "RepeatableRead"; readonly timeout?: number },
  ): Promise<void>;
  $disconnect(): Promise<void>;
}

/** Prisma's client exists once it is generated, into a folder that is removed at the end. */
export async function openPrisma(url: string): Promise<Orm & { readonly prisma: AuditClient }> {
  const cache = join(import.meta.dirname, ".cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "prisma-"));
  await writeFile(join(folder, "schema.prisma"), schema);
  const cli = join(dirname(createRequire(import.meta.url).resolve("prisma/package.json")), "build/index.js");
  await promisify(execFile)(process.execPath, [cli, "generate", "--schema", join(folder, "schema.prisma")], {
    // The engine of migrations would be downloaded, and `generate` does not use it.
    env: { ...process.env, NODE_OPTIONS: "", PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
  });
  const { PrismaClient } = await import(pathToFileURL(join(folder, "client/client.ts")).href);
  const prisma: AuditClient = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  return {
    prisma,
    transaction: (work, isolation) =>
      prisma.$transaction((tx) => work({ client: fromPrisma(tx), insert: async (entry) => tx.audit.create({ data: { entry } }) }), {
        timeout: 60_000,
        ...(isolation && { isolationLevel: "RepeatableRead" }),
      }),
    adaptItself: () => fromPrisma(prisma),
    async close() {
      await prisma.$disconnect();
      await rm(folder, { recursive: true });
    },
  };
}
