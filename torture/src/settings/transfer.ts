import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { openEventStore } from "tidemark";
import { run } from "../../../packages/tidemark/src/cli/program.ts";
import type { Script } from "./step.ts";

/** Runs `tidemark …` in this process, and returns what it printed. */
export async function tidemark(url: string, args: readonly string[], input = ""): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const running = run(args, { stdin: Readable.from([input]), stdout, stderr, env: { DATABASE_URL: url }, cwd: () => process.cwd() }).finally(() => {
    stdout.end();
    stderr.end();
  });
  const [told, said] = await Promise.all([text(stdout), text(stderr)]);
  const code = await running;
  if (code !== 0) throw new Error(`tidemark ${args.join(" ")} ended with ${code}: ${said}`);
  return told;
}

/** The log out of the store and into another one, and that one's log beside it. */
export async function exportAndImport({ url, schema, step }: Script): Promise<void> {
  const copy = `${schema} copy`;
  const lines = async (of: string): Promise<string[]> => (await tidemark(url, ["export", "--schema", of, "--all-tenants"])).split("\n").sort();
  await step("export", async () => (await lines(schema)).map((line) => line.replace(/"(position|recordedAt)":("[^"]*"|\d+),?/g, "")));
  await step("import what was exported, twice", async () => {
    const exported = await tidemark(url, ["export", "--schema", schema, "--all-tenants"]);
    const reports: unknown[] = [];
    for (const _ of [1, 2]) reports.push(JSON.parse(await tidemark(url, ["import", "-", "--schema", copy, "--keep-positions", "--json"], exported)));
    const [there, here] = [await lines(copy), await lines(schema)];
    return [reports, there.length, there.every((line, index) => line === here[index])];
  });
  await step("import a CSV file", async () => {
    const csv = "when,what,n\n2001-02-03T04:05:06.789+05:45,a\\b,0.1\n03.02.2001,NULL,2\n";
    await tidemark(url, ["import", "-", "--format", "csv", "--schema", copy, "--stream", "file-{what}", "--type", "Read", "--number", "n"], csv);
    await using store = await openEventStore(url, { schema: copy, logger: { debug() {}, info() {}, warn() {}, error() {} } });
    return (await store.readAll({ filter: { categories: ["file"] } }).toArray()).map(({ streamId, data }) => [streamId, data]);
  });
}
