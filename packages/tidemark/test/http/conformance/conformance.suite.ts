// The public suite, in a process and a Vitest of its own: TIDEMARK_CONFORMANCE_URL is the server's.
import { runConformanceTests } from "@durable-streams/server-conformance-tests";

runConformanceTests({ baseUrl: process.env["TIDEMARK_CONFORMANCE_URL"] ?? "", longPollTimeoutMs: 2_000 });
