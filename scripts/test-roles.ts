// Tests that the roles of `rolesSql` suffice: `role-tests.ts` says what runs as which of them, and why the rest does not. `schema/roles-*.test.ts` test each call
// of each role. The last line is "N passed, N failed".
import { startServer } from "@tidemark/servers";
import { settings } from "../packages/tidemark/test/support/settings.ts";
import { filesOf, roles } from "./role-tests.ts";
import { announce } from "./run.ts";
import { conclude, runVitest, sum, type Tally } from "./vitest.ts";

const tallies: Tally[] = [];
for (const role of roles) {
  announce(`Test as ${role === "owner" || role === "operator" ? "an" : "a"} ${role}`);
  await using server = await startServer({ settings });
  const env = { TIDEMARK_TEST_URL: server.url, TIDEMARK_TEST_ROLE: role };
  tallies.push(await runVitest(["--project=tidemark*", "--project=contract", "--project=studio", ...filesOf(role)], { env }));
}
conclude(sum(tallies));
