import { setTimeout as delay } from "node:timers/promises";

/** Longer than any retry of a relay waits, on a machine that has other work too. */
const mostMs = 300_000;

/** Waits until something is so, and returns it. Rejects where it does not become so for minutes. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + mostMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`After ${mostMs / 60_000} minutes still not: ${what}.`);
    await delay(50);
  }
}
