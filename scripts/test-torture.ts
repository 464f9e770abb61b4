// Tests the torture harness itself: each check against histories that break it, each fault against a server, and crash points by a seed.
// Apart from `npm test`, which they would make a fifth longer. The last line is "N passed, N failed".
import { announce } from "./run.ts";
import { conclude, runVitest } from "./vitest.ts";

announce("Test the torture harness");
conclude(await runVitest(["--project=torture"]));
