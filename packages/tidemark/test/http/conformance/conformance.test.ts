import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHandler, serveLog } from "tidemark/http";
import { expect, test } from "../../support/test.ts";
import { created, writingServer } from "./writing-server.ts";

/** What reads, all of it but `exceptions`. */
const applied = [
  "Read Operations",
  "Long-Poll Operations",
  "Browser Security Headers",
  "HEAD Metadata",
  "Offset Validation and Resumability",
  "Long-Poll Edge Cases",
  "HEAD Metadata Edge Cases",
  "Caching and ETag",
  "Read-Your-Writes Consistency",
  "SSE Mode",
  "JSON Mode",
];

const writes = "it checks writing over HTTP, and serveLog only reads";
const lacking = "a log of events has none of that";
/** Groups that do not apply, and why. */
const notApplied: Readonly<Record<string, string>> = {
  "Basic Stream Operations": writes,
  "Append Operations": writes,
  "HTTP Protocol": writes,
  "Protocol Edge Cases": writes,
  "Chunking and Large Payloads": "of bytes: a page ends behind an event",
  "Property-Based Tests (fast-check)": "of bytes and of writing",
  "TTL and Expiry Validation": lacking,
  "Case-Insensitivity": writes,
  "Content-Type Validation": writes,
  "TTL and Expiry Edge Cases": lacking,
  "TTL Expiration Behavior": lacking,
  "Idempotent Producer Operations": writes,
  "Stream Closure": lacking,
  "Fork - Creation": lacking,
  "Fork - Reading": lacking,
  "Fork - Appending": lacking,
  "Fork - Recursive": lacking,
  "Fork - Live Modes": lacking,
  "Fork - Deletion and Lifecycle": lacking,
  "Fork - TTL and Expiry": lacking,
  "Fork - JSON Mode": lacking,
  "Fork - Edge Cases": lacking,
  "Reserved subscription APIs": lacking,
};

const binary = "events are JSON: there is no binary stream";
const text = "events are JSON: there is no stream of text";
/** Points of what is applied that do not apply, and why. */
const exceptions: Readonly<Record<string, string>> = {
  "should return TTL metadata if configured": "streams do not expire",
  "should allow If-None-Match in CORS preflight responses": "CORS is the application's, around the handler",
  "base64 SSE catch-up pairs every data event with a control event": binary,
  "should auto-detect binary streams and return base64 encoded data in SSE mode": binary,
  "should include Stream-SSE-Data-Encoding header for binary streams": binary,
  "should handle large binary payload with auto-detected base64 encoding": binary,
  "should handle binary data with special bytes using auto-detected base64 encoding": binary,
  "should auto-detect base64 encoding for application/x-protobuf streams": binary,
  "should auto-detect base64 encoding for image/png streams": binary,
  "should handle newlines in text/plain payloads": text,
  "should prevent CRLF injection in payloads - embedded event boundaries become literal data": text,
};

interface Outcome {
  readonly title: string;
  readonly ancestorTitles: readonly string[];
  readonly status: string;
}

/** Runs the groups in a Vitest of the suite's own. Its tests have limits of time, which a busy machine can miss: so they are tried again. */
async function run(url: string): Promise<readonly Outcome[]> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    const [config, report] = [join(folder, "vitest.config.mjs"), join(folder, "report.json")];
    const inline = ["@durable-streams/server-conformance-tests"];
    const settings = { root: import.meta.dirname, include: ["*.suite.ts"], testTimeout: 60_000, retry: 3, server: { deps: { inline } } };
    await writeFile(config, `export default ${JSON.stringify({ test: settings })};`);
    const suite = createRequire(createRequire(import.meta.url).resolve("@durable-streams/server-conformance-tests"));
    const vitest = join(suite.resolve("vitest/package.json"), "../vitest.mjs");
    const options = ["run", "--config", config, "--reporter=json", `--outputFile=${report}`, "-t", `^ ?(?:${applied.join("|")}) `];
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [vitest, ...options], { env: { PATH, HOME, TIDEMARK_CONFORMANCE_URL: url }, stdio: "ignore" });
    // It fails, because of the exceptions.
    await once(child, "exit");
    const found: { readonly testResults: readonly { readonly assertionResults: readonly Outcome[] }[] } = JSON.parse(await readFile(report, "utf8"));
    return found.testResults.flatMap(({ assertionResults }) => assertionResults);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("serveLog passes the public suite of Durable Streams in all that reads", { timeout: 600_000 }, async ({ store }) => {
  await using handler = serveLog(store, {
    authorize: () => ({}),
    longPollMs: 2_000,
    map: ({ type, data }) => (type === created.type ? undefined : data),
    onError: () => {},
  });
  const server = createServer(nodeHandler(writingServer(store, handler))).listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const address = server.address();
    const outcomes = await run(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
    const groups = new Set(outcomes.map(({ ancestorTitles }) => ancestorTitles[0]));
    expect(groups).toEqual(new Set([...applied, ...Object.keys(notApplied)]));
    const ran = outcomes.filter(({ ancestorTitles }) => applied.includes(ancestorTitles[0] ?? ""));
    const failed = ran.filter(({ status }) => status !== "passed").map(({ title }) => title);
    expect(failed.toSorted()).toEqual(Object.keys(exceptions).toSorted());
    expect(ran.length - failed.length).toBeGreaterThan(80);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
