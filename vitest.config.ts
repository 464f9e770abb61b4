import { join } from "node:path";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";

// Tests start hundreds of processes on the sources, and compiling them is two thirds of the work of a start. Workers and what they start inherit this.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/compiled");

/** Tests run what is in `src`, not the last build: `tidemark` resolves through its export condition `source`. */
const conditions = ["source", "module", "node", "development|production"];

function project(name: string, include: readonly string[], exclude: readonly string[] = [], isolate = true): TestProjectConfiguration {
  return {
    extends: true,
    test: { name, include: [...include], exclude: ["**/node_modules/**", "**/dist/**", ...exclude], isolate },
  };
}

/**
 * What these measure or change is the whole process's: its memory, its environment, its listeners for errors that nobody catches. Each has one of its
 * own. The others of the library run one after another in one process for each core, where most modules are loaded already: that takes
 * 0.65 s of processor time off each of 350 files.
 */
const alone = ["catalogue/unreadable", "database/pglite-image", "feed/memory", "read/memory", "transfer/lines"].map(
  (file) => `packages/tidemark/test/${file}.test.ts`,
);

const contract = "packages/tidemark/test/contract/**/*.test.ts";

const inBrowser = "packages/studio/test/browser/**/*.test.ts";

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      project("tidemark", ["packages/tidemark/{src,test}/**/*.test.ts"], [contract, ...alone], false),
      project("tidemark-alone", alone),
      project("contract", [contract]),
      project("studio", ["packages/studio/test/**/*.test.ts"], [inBrowser]),
      project("studio-in-browser", [inBrowser]),
      project("servers", ["servers/test/**/*.test.ts"]),
      project("examples", ["examples/**/*.test.ts"]),
      project("docs", ["docs/**/*.test.ts"]),
      project("torture", ["torture/test/**/*.test.ts"]),
      project("scripts", ["scripts/*.test.ts"]),
    ],
    globalSetup: ["packages/tidemark/test/support/server.ts"],
    setupFiles: ["packages/tidemark/test/support/row-equality.ts"],
    // All cores: tests wait for the server and for time more than they compute, and one worker fewer leaves half of two cores idle.
    maxWorkers: "100%",
    // Child processes, unlike threads, have signals and can be ended when a test hangs.
    pool: "forks",
    execArgv: ["--conditions=source"],
    // Packages of others that have the condition, too, with TypeScript behind it, which Node.js does not run there.
    server: { deps: { inline: [/node_modules\/(@modelcontextprotocol\/client|eventsource)/] } },
    // PostgreSQL and the client share the machine with the tests: what takes 50 ms alone may take seconds beside others.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // A test that is left out, or that only passes alone, is no proof.
    allowOnly: false,
    passWithNoTests: false,
    sequence: { hooks: "list" },
  },
});
