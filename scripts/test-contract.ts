// Tests the contract on the PostgreSQL versions between the oldest and the newest supported. The last line is "N passed, N failed".
import { startServer } from "@tidemark/servers";
import { settings } from "../packages/tidemark/test/support/settings.ts";
import { announce } from "./run.ts";
import { conclude, runVitest, sum, type Tally } from "./vitest.ts";

const tallies: Tally[] = [];
for (const version of [16, 17] as const) {
  announce(`Test the contract on PostgreSQL ${version}`);
  await using server = await startServer({ version, settings });
  tallies.push(await runVitest(["--project=contract"], { env: { TIDEMARK_TEST_URL: server.url } }));
}
conclude(sum(tallies));
