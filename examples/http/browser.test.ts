import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { nodeHandler, serveLog } from "tidemark/http";
import { expect, test } from "../../packages/tidemark/test/support/test.ts";

/** The client of the guide, word for word. */
async function guideClient(): Promise<string> {
  const guide = await readFile(join(import.meta.dirname, "../../docs/guides/http.md"), "utf8");
  const [client] = /^function follow\(url: string.*?^\}$/ms.exec(guide) ?? [];
  if (client === undefined) throw new Error("The guide has no client.");
  return client;
}

test("the guide's client of a browser gets each event once, over connections that end all the time", async ({ store }) => {
  const appended = async (n: number): Promise<unknown> => await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { n } }]);
  await appended(0);
  await using handler = serveLog(store, { authorize: () => ({}), connectionMs: 1 });
  const server = createServer(nodeHandler(handler)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/log`;
  const folder = await mkdtemp(join(tmpdir(), "tidemark-browser-"));
  const page =
    "setInterval(() => {}, 1_000);\nconst document = { body: { classList: { add() {} } } };\nfollow(process.argv[2], ({ data }) => console.log(data.n));\n";
  await writeFile(join(folder, "page.ts"), `${await guideClient()}\n${page}`);
  // Node.js has the browser's EventSource, behind a flag.
  const child = spawn(process.execPath, ["--experimental-eventsource", "--no-warnings", join(folder, "page.ts"), url], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const shown: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      shown.push(line);
      if (shown.length === 4) break;
      await appended(shown.length);
    }
    expect(shown).toEqual(["0", "1", "2", "3"]);
  } finally {
    child.kill("SIGKILL");
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  }
});
