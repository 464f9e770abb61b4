// Tests how the library is operated and what it exchanges with the outside: reports, audit, metrics and traces, HTTP, import and export,
// relays, outbox and inbox. Apart from `npm test`, which they would make a fifth longer. The last line is "N passed, N failed".
import { announce } from "./run.ts";
import { pathsOf, testedApart } from "./test-folders.ts";
import { conclude, runVitest } from "./vitest.ts";

announce("Test operations and the exchange with the outside");
conclude(await runVitest(["--project=tidemark*", ...pathsOf(testedApart.operations)]));
