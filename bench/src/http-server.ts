// A server of event streams, in a process of its own. Arguments: "tidemark" or "bare", how many clients, and the database's url.
// Told to wake, it has an event for all of them; asked for its usage, it says what that has cost so far.
import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { openEventStore } from "tidemark";
import { nodeHandler, serveLog } from "tidemark/http";

export interface Usage {
  readonly residentMiB: number;
  readonly cpuMs: number;
}

interface Waking {
  readonly listener: RequestListener;
  readonly wake: () => Promise<void>;
}

const [kind = "", clients = "0", url = ""] = process.argv.slice(2);
const now = (): number => performance.timeOrigin + performance.now();

async function tidemark(): Promise<Waking> {
  const store = await openEventStore(url);
  const handler = serveLog(store, { authorize: () => ({}), connectionMs: 3_600_000 });
  return {
    listener: nodeHandler(handler),
    wake: async () => void (await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sentAt: now() } }])),
  };
}

/** The same bytes, from a loop over all answers. */
function bare(): Waking {
  const answers = new Set<ServerResponse>();
  let position = 0;
  const block = (event: string, data: unknown): string => `id: ${`${position}`.padStart(16, "0")}\nevent: ${event}\ndata:${JSON.stringify(data)}\n\n`;
  const control = (): string => block("control", { streamNextOffset: `${position}`.padStart(16, "0"), streamCursor: "3380000", upToDate: true });
  return {
    listener(_request, response) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`retry: 1000\n\n${control()}`);
      answers.add(response);
      response.once("close", () => answers.delete(response));
    },
    async wake() {
      const event = { streamId: "cart-1", version: ++position, position, id: crypto.randomUUID(), type: "ItemAdded", data: { sentAt: now() } };
      const bytes = Buffer.from(block("data", [{ ...event, metadata: {}, tags: [], schemaVersion: 1, recordedAt: new Date() }]) + control());
      for (const answer of answers) answer.write(bytes);
    },
  };
}

const { listener, wake } = kind === "tidemark" ? await tidemark() : bare();
const server = createServer(listener).listen(0, "127.0.0.1", Number(clients));
await once(server, "listening");
const address = server.address();
process.on("message", (message) => {
  if (message === "wake") return void wake();
  const { user, system } = process.cpuUsage();
  const usage: Usage = { residentMiB: Math.round(process.memoryUsage.rss() / 1_048_576), cpuMs: (user + system) / 1_000 };
  process.send?.(JSON.stringify(usage));
});
process.once("disconnect", () => process.exit());
process.send?.(`${typeof address === "object" ? address?.port : 0}`);
