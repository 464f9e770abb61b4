// Tests what users touch: the command, the test kit, the guides and the examples on the oldest Node.js that runs them, and the package as it
// will be published. Apart from `npm test`, which they would make half as long again. The last line is "N passed, N failed".
import { announce } from "./run.ts";
import { pathsOf, testedApart } from "./test-folders.ts";
import { conclude, runVitest, sum, type Tally } from "./vitest.ts";

const tallies: Tally[] = [];
announce("Test the command and the test kit");
tallies.push(await runVitest(["--project=tidemark", ...pathsOf(testedApart.package)]));
announce("Test the contract, the guides and the examples on Node.js 22.18, the oldest supported");
tallies.push(await runVitest(["--project=contract", "--project=docs", "--project=examples"], { nodeVersion: "22.18.0" }));
announce("Test the studio, on the server and in Chromium");
tallies.push(await runVitest(["--project=studio", "--project=studio-in-browser"]));
announce("Verify the package as it will be published");
tallies.push(await runVitest(["--config=vitest.verify.config.ts"]));
conclude(sum(tallies));
