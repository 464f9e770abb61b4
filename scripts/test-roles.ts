// Tests that the roles of `rolesSql` suffice: appends as a writer, whatever follows the log as a worker, what migrates and looks as an owner, what reads as a
// reader, and what looks at a store and mends it as an operator. `schema/roles-*.test.ts` test each call of each role. The last line is "N passed, N failed".
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startServer } from "@tidemark/servers";
import { settings } from "../packages/tidemark/test/support/settings.ts";
import { announce } from "./run.ts";
import { conclude, runVitest, sum, type Tally } from "./vitest.ts";

/** What a role runs, and what of it a test needs that the role may not do. */
const files: Readonly<Record<string, { readonly include: readonly string[]; readonly exclude: readonly string[] }>> = {
  writer: {
    include: ["append/*.test.ts"],
    exclude: [
      // Inline projections, whose tables a worker creates.
      "append/{async-context,conditions}.test.ts",
      // Stores in schemas of their own, which the owner creates.
      "append/blocked.test.ts",
      // Changes the registry of projections.
      "append/gate.test.ts",
      // Loads auto_explain, which a superuser may.
      "append/plans.test.ts",
      // Waits for time-outs, for minutes; the statements are those of its neighbours.
      "append/{transient,unknown-outcome}.test.ts",
      // Ask no database.
      "append/{encode,event-size,options,queue}.test.ts",
    ],
  },
  worker: {
    include: [
      "append/conditions.test.ts",
      "consumers/{administration,dead-letters}.test.ts",
      "documents/reading.test.ts",
      "outbox/{publishing,relaying}.test.ts",
      "processes/{ending,inputs}.test.ts",
      "projections/async.test.ts",
      "projections/rebuild/swap.test.ts",
      "runtime/{failures,handling}.test.ts",
      "timers/firing.test.ts",
    ],
    exclude: [],
  },
  reader: {
    include: ["operations/stats.test.ts", "read/{read-all,read-stream,sequence,streams}.test.ts"],
    exclude: [],
  },
  operator: {
    include: [
      "consumers/{administration,dead-letters}.test.ts",
      "feed/blockers.test.ts",
      "operations/{doctor,health,stats}.test.ts",
      "processes/ending.test.ts",
    ],
    exclude: [],
  },
  owner: {
    include: ["documents/indexes.test.ts", "operations/{stats,verify}.test.ts"],
    exclude: [],
  },
};

const cwd = fileURLToPath(new URL("../packages/tidemark/test", import.meta.url));
const tallies: Tally[] = [];
for (const [role, { include, exclude }] of Object.entries(files)) {
  announce(`Test as a ${role}`);
  await using server = await startServer({ settings });
  const env = { TIDEMARK_TEST_URL: server.url, TIDEMARK_TEST_ROLE: role };
  const paths = globSync(include, { cwd, exclude }).map((file) => `packages/tidemark/test/${file}`);
  tallies.push(await runVitest(["--project=tidemark*", ...paths], { env }));
}
conclude(sum(tallies));
