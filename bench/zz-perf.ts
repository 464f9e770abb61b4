import { startServer } from "servers";
import { defineConsumer, openEventStore } from "tidemark";
await using server = await startServer({ settings: { fsync: "off", max_connections: 100 } });
await using store = await openEventStore(server.url);
const N = Number(process.argv[2] ?? 50000);
for (let n = 0; n < N; n += 1000)
  await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      store.appendToStream(
        `cart-${(n / 100 + i) % 500}`,
        Array.from({ length: 100 }, () => ({ type: "A", data: { n, sku: "tea", quantity: 3 } })),
      ),
    ),
  );
await store.query("create table effects (position bigint primary key)");
async function time(name: string, f: () => Promise<unknown>) {
  const t = performance.now();
  const c = process.cpuUsage();
  await f();
  const ms = performance.now() - t;
  const cc = process.cpuUsage(c);
  console.log(name, Math.round((N / ms) * 1000), "/s", Math.round(ms), "ms cpu", Math.round((cc.user + cc.system) / 1000));
}
await time("readAll", async () => {
  for await (const _ of store.readAll()) {
  }
});
for (const [name, shards, handle, batch] of [
  ["noop", 1, () => {}, undefined],
  ["noop4", 4, () => {}, undefined],
  ["async", 1, async () => {}, undefined],
  ["batch", 1, undefined, () => {}],
  [
    "db",
    1,
    async (e, x) => {
      await x.query("insert into effects values ($1)", [e.position]);
    },
    undefined,
  ],
  [
    "dbbatch",
    1,
    undefined,
    async (es, x) => {
      await x.query("insert into effects select position + 10000000 from unnest($1::bigint[]) as position", [es.map((e) => e.position)]);
    },
  ],
] as const) {
  const c = defineConsumer({ name, shards, ...(handle ? { handle } : { handleBatch: batch }) } as never);
  const worker = store.createWorker({ consumers: [c] });
  await time(name, async () => {
    await worker.start();
    await worker.caughtUp();
  });
  await worker.stop();
}
// idle
const worker = store.createWorker({ consumers: Array.from({ length: 100 }, (_, n) => defineConsumer({ name: `idle-${n}`, startFrom: "end", handle() {} })) });
let t = performance.now();
await worker.start();
console.log("start 100", Math.round(performance.now() - t));
await worker.caughtUp();
const { execSync } = await import("node:child_process");
const serverCpu = () => execSync(`cat /proc/[0-9]*/stat 2>/dev/null | grep '(postgres)' | awk '{s+=$14+$15} END {print s}'`).toString().trim();
await new Promise((r) => setTimeout(r, 2000));
const c0 = process.cpuUsage(),
  s0 = Number(serverCpu());
await new Promise((r) => setTimeout(r, 15000));
const c1 = process.cpuUsage(c0);
console.log(
  "idle 15 s: node cpu",
  ((c1.user + c1.system) / 1000 / 15000) * 100,
  "% of a core; all postgres",
  (((Number(serverCpu()) - s0) * 10) / 15000) * 100,
  "%",
);
// latency
const lat = [];
const w2 = store.createWorker({
  consumers: [
    defineConsumer({
      name: "lat",
      startFrom: "end",
      handle(e) {
        lat.push(performance.now() - e.data.t);
      },
    }),
  ],
});
await w2.start();
await w2.caughtUp();
for (let i = 0; i < 200; i++) {
  await store.appendToStream("lat-1", [{ type: "L", data: { t: performance.now() } }]);
  await new Promise((r) => setTimeout(r, 10));
}
lat.sort((a, b) => a - b);
console.log("latency median", lat[100], "p99", lat[197]);
t = performance.now();
await worker.stop();
console.log("stop 100", Math.round(performance.now() - t));
await w2.stop();
