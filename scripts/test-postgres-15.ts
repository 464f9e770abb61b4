// Tests the library on the oldest supported PostgreSQL. The last line is "N passed, N failed".
import { startServer } from "servers";
import { settings } from "../packages/tidemark/test/support/settings.ts";
import { announce } from "./run.ts";
import { conclude, runVitest } from "./vitest.ts";

announce("Test the library on PostgreSQL 15");
await using server = await startServer({ version: 15, settings });
conclude(await runVitest(["--project=tidemark", "--project=contract"], { env: { TIDEMARK_TEST_URL: server.url } }));
