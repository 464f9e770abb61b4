import { setTimeout as delay } from "node:timers/promises";
import { openEventStore } from "tidemark";

/**
 * Has the events of a run be chained from some moment on, while appends go on. Its lock on the log may have to be tried for many times,
 * and the server may be away.
 */
export async function chainEvents(url: () => string, schema: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    try {
      const store = await openEventStore(url(), { schema, integrity: "chain" });
      return await store.close();
    } catch {
      await delay(200, undefined, { signal: over }).catch(() => undefined);
    }
  }
}

/** Half of the runs have a chain, which is no part of what most stores do. */
export function isChained(seed: number): boolean {
  return seed % 2 === 1;
}
