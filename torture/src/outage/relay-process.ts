// The relay's process, started with --expose-gc. Its only argument is its orders. SIGTERM asks it to finish, the end of its parent ends it.
import { openEventStore } from "tidemark";
import type { RelayOrders, RelayReport } from "./relay-worker.ts";
import { relayTo } from "./relay.ts";

const { url, broker, retry }: RelayOrders = JSON.parse(process.argv[2] ?? "");
const orphaned = (): void => process.exit(1);
process.on("disconnect", orphaned);
const tell = (report: RelayReport): void => void process.send?.(report);

function collect(): void {
  if (!globalThis.gc) throw new Error("It was started without --expose-gc.");
  // What the first one finds weakly held goes with the second.
  globalThis.gc();
  globalThis.gc();
}

const store = await openEventStore(url);
const worker = store.createWorker({ relays: [relayTo(broker, retry)], timers: false, onError: ({ code }) => tell({ code }) });
await worker.start();
process.on("message", () => {
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  tell({ rss, heap: heapUsed + external });
});
process.on("SIGTERM", () => {
  process.off("disconnect", orphaned);
  void store.close().then(() => process.disconnect());
});
tell({ started: true });
