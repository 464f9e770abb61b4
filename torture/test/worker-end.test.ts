import { once } from "node:events";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Workers } from "../src/run/workers.ts";

test("a worker that is asked to finish while it opens ends well, and has begun nothing", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tidemark-torture-worker-"));
  // A server that takes connections and ends them.
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  const tried = once(server, "connection");
  const workers = new Workers({
    count: 1,
    folder: folder.path,
    env: () => ({}),
    orders: () => ({
      seed: 1,
      code: "today",
      url: `postgres://nobody@127.0.0.1:${address.port}/none`,
      schema: "torture",
      clients: 1,
      followers: 0,
      queryTimeoutMs: 1_000,
      eventsPerSecond: 1,
    }),
  });
  try {
    await tried;
    await workers.finish();
    expect(workers.farewells).toMatchObject([{ worker: 1, incarnation: 1, code: 0 }]);
    const history = await readFile(join(folder.path, "worker-1.1.history.jsonl"), "utf8");
    expect(
      history
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([{ t: "closed", op: 0 }]);
  } finally {
    workers.abandon();
    server.close();
  }
});
