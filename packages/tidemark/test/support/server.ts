import { startServer } from "@tidemark/servers";
import type { TestProject } from "vitest/node";
import { settings } from "./settings.ts";
import { createTemplate, dropTemplate } from "./template.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A database of the run's server, as a superuser. Tests take `databaseUrl` instead, which is their own. */
    readonly serverUrl: string;
    /** The database there that those of test files are copies of. */
    readonly templateDatabase: string;
  }
}

/** Starts one server for the whole run, or takes the one that TIDEMARK_TEST_URL names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["TIDEMARK_TEST_URL"];
  if (given !== undefined) {
    const { host, pathname } = new URL(given);
    console.log(`Tests run on Node.js ${process.version} and the PostgreSQL server at ${host}${pathname} (TIDEMARK_TEST_URL), and the contract not on PGlite.`);
    const template = await provide(project, given);
    return () => dropTemplate(given, template);
  }
  const started = performance.now();
  const server = await startServer({ settings });
  console.log(
    `Tests run on Node.js ${process.version} and a PostgreSQL ${server.version} server on port ${server.port}, started in ${Math.round(performance.now() - started)} ms.`,
  );
  await provide(project, server.url);
  return () => server[Symbol.asyncDispose]();
}

async function provide(project: TestProject, serverUrl: string): Promise<string> {
  const template = await createTemplate(serverUrl);
  project.provide("serverUrl", serverUrl);
  project.provide("templateDatabase", template);
  return template;
}
