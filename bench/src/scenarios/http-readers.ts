import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openEventStore } from "tidemark";
import { nodeHandler, serveLog } from "tidemark/http";
import type { Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";

const mostMiB = 1_024;
/** Between two events, so that readers are idle. */
const quietMs = 500;

export const httpReaders: Scenario = {
  number: 66,
  title: "Wake idle readers of an event stream",
  about:
    "One process serves the log by server-sent events to 10,000 clients of another process, over TCP. An event is appended now and then; a call is the time from before its append until one of the clients has it. The server's process has to stay below 1 GiB.",
  unit: "wake-ups/s",
  async prepare(setting) {
    const clients = setting.quick ? 1_000 : 10_000;
    const store = await openEventStore(await setting.createDatabase());
    setting.cleanup.defer(() => store.close());
    const handler = serveLog(store, { authorize: () => ({}), connectionMs: 3_600_000 });
    const server = createServer(nodeHandler(handler)).listen(0, "127.0.0.1", clients);
    await once(server, "listening");
    setting.cleanup.defer(async () => {
      await handler.close();
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const child = fork(fileURLToPath(new URL("../http-clients.ts", import.meta.url)), [`${port}`, `${clients}`]);
    setting.cleanup.defer(() => child.disconnect());
    await answer(child);
    setting.progress(`${clients} clients are connected; the server's process has ${residentMiB()} MiB`);

    const measure = async (seconds: number): Promise<Sample> => {
      const latencies: number[] = [];
      const started = performance.now();
      while (performance.now() - started < seconds * 1_000) {
        await delay(quietMs);
        const got = answer(child);
        await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sentAt: performance.timeOrigin + performance.now() } }]);
        const some: readonly number[] = JSON.parse(await got);
        latencies.push(...some);
      }
      const resident = residentMiB();
      setting.progress(`the server's process has ${resident} MiB`);
      if (resident > mostMiB) throw new Error(`The server's process has ${resident} MiB, which is more than ${mostMiB}.`);
      return { events: latencies.length, seconds: (performance.now() - started) / 1_000, latencies };
    };
    const name = `${clients.toLocaleString("en-US")} readers`;
    return [{ label: "one event for all of them", subject: name, contestants: [{ name, measure }], targets: [{ of: name, p99AtMostMs: 50 }] }];
  },
};

function residentMiB(): number {
  return Math.round(process.memoryUsage.rss() / 1_048_576);
}

async function answer(child: ChildProcess): Promise<string> {
  const gone = new AbortController();
  const exited = once(child, "exit", { signal: gone.signal }).then(
    () => Promise.reject(new Error("The process of clients has ended.")),
    () => "",
  );
  const [message] = await Promise.race([once(child, "message"), exited]);
  gone.abort();
  return String(message);
}
