import { startProxy, startServer } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { expect, test } from "vitest";

/** The slowest poll, and what a busy machine adds to it. */
const mostMs = 1_000 + 4_000;
const losses = 25;
/** The last listener falls silent, so that for seconds nothing but polls finds what is new. */
const roundsInSilence = 30;

const added = { type: "ItemAdded", data: {} };

test("a subscriber whose listener is lost again and again, in every way, gets everything within a poll, and says little", async () => {
  await using server = await startServer({ settings: { fsync: "off" } });
  await using proxy = await startProxy({ port: server.port });
  const said: string[] = [];
  const say = (line: unknown): void => void said.push(String(line));
  const startedAt = performance.now();
  await using writer = await openEventStore(server.url);
  await writer.appendToStream("cart-1", [added]);
  await using reader = await openEventStore(proxy.through(server.url), { logger: { debug() {}, info: say, warn: say, error: say } });

  // Of a connection that listens, the first notification is its own, by which it finds that it hears. With the next one it
  // closes, is half closed, or falls silent, and the notification is lost.
  const heard = new Set<number>();
  const ways = Array.from({ length: losses }, (_, n) => (n === losses - 1 ? "swallow" : n % 2 === 0 ? "half-close" : "drop-connection-before"));
  let lost = 0;
  proxy.on("backend", ({ name, connection }) => {
    if (name !== "NotificationResponse") return "pass";
    if (heard.has(connection)) return ways[lost++] ?? "pass";
    heard.add(connection);
    return "pass";
  });

  const seen: { readonly position: number; readonly at: number }[] = [];
  const stop = new AbortController();
  const following = (async () => {
    for await (const { position } of reader.subscribe({ signal: stop.signal })) seen.push({ position, at: performance.now() });
  })().catch(() => undefined);
  await expect.poll(() => seen.length, { timeout: 100_000 }).toBe(1);

  let longest = 0;
  let rounds = 1;
  for (let silent = 0; silent < roundsInSilence; silent += lost === losses ? 1 : 0) {
    rounds++;
    const { position } = await writer.appendToStream("cart-1", [added]);
    const at = performance.now();
    while (seen.at(-1)?.position !== position && performance.now() - at < 2 * mostMs) await new Promise((resolve) => setImmediate(resolve));
    longest = Math.max(longest, (seen.at(-1)?.at ?? Number.POSITIVE_INFINITY) - at);
  }
  stop.abort();
  await following;
  expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: rounds }, (_, index) => index + 1));
  expect(longest).toBeLessThan(mostMs);
  console.log(`${rounds} events, ${lost} listeners lost; the longest way took ${Math.round(longest)} ms.`);
  expect(said.length).toBeLessThan(10 + (performance.now() - startedAt) / 1_000);
});
