// Tests the library on the oldest supported PostgreSQL, in databases full of overloads of the functions that it calls. The last line is "N passed, N failed".
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startServer } from "@tidemark/servers";
import { settings } from "../packages/tidemark/test/support/settings.ts";
import { roomsWithoutSql } from "./rooms-without-sql.ts";
import { announce } from "./run.ts";
import { conclude, runVitest } from "./vitest.ts";

/** Rooms without SQL, the command line, memory, ORMs, processes that are killed, and what never talks to this server are the same on every PostgreSQL. */
const elsewhere = [
  ...roomsWithoutSql.map((files) => `${files}.test.ts`),
  // Asks no database.
  "monitoring/**",
  "append/{encode,event-size,options}.test.ts",
  "cli/**",
  "testing/**",
  "transfer/{csv,csv-records,lines,values}.test.ts",
  "types/**",
  "**/memory.test.ts",
  "database/adapters/**",
  "projections/orms.test.ts",
  // Brokers: what relays ask of the database is asked by relays/ too.
  "sinks/**",
  "runtime/processes.test.ts",
  "database/folder-lock.test.ts",
  "**/pglite*.test.ts",
  "store/opening-embedded.test.ts",
  // These wait for time-outs, garbage collections and kills, for two minutes in all; their statements are those of their neighbours.
  "append/unknown-outcome.test.ts",
  "feed/torture.test.ts",
  "processes/{crash-points,kills}.test.ts",
  "projections/go-live-in-time.test.ts",
  "runtime/liveness.test.ts",
  "store/forgotten.test.ts",
];
const cwd = fileURLToPath(new URL("../packages/tidemark/test", import.meta.url));
const files = globSync("**/*.test.ts", { cwd, exclude: elsewhere });

announce("Test the library on PostgreSQL 15");
await using server = await startServer({ version: 15, settings });
conclude(
  await runVitest(["--project=tidemark*", "--project=contract", ...files.map((file) => `packages/tidemark/test/${file}`)], {
    env: { TIDEMARK_TEST_URL: server.url, TIDEMARK_TEST_OVERLOADS: "1" },
  }),
);
