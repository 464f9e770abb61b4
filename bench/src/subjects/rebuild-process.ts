// Builds one version of a projection after the other until it is killed. Arguments: the database's url, the first version.
import { openEventStore } from "tidemark";
import { tally } from "./tally.ts";

const [url = "", first = "1"] = process.argv.slice(2);
for (let version = Number(first); ; version++) {
  await using store = await openEventStore(url, { projections: [tally("async", version)] });
  await using worker = store.createWorker({ onStart: () => void process.send?.("building") });
  await worker.start();
  await worker.caughtUp();
}
