import { setTimeout as delay } from "node:timers/promises";
import { openEventStore, type EventStore } from "tidemark";
import { hasAll } from "./has-all.ts";
import { rebuiltBy, rebuiltNames, rebuiltVersions } from "./rebuilt.ts";

const patienceMs = 60_000;
const names: readonly string[] = Object.values(rebuiltNames);

/**
 * Brings all versions to the end of the log, those too that a drop had stopped when it was cut off. A store that follows one holds a lock as long
 * as it does, so it has a store of its own, which is closed before somebody looks for locks that were left. Returns what does not get there.
 */
export async function bringUpToDate(url: string, schema: string): Promise<string | undefined> {
  await using store = await openEventStore(url, { schema, projections: rebuiltBy(rebuiltVersions.length) });
  const worker = store.createWorker({ timers: false });
  try {
    await worker.start();
    for (const { name, version, state } of await store.projections.list())
      if (names.includes(name) && (state === "inactive" || state === "paused")) await store.projections.resume(name, { version });
    return await arrived(store);
  } catch (error) {
    return String(error);
  } finally {
    await worker.stop();
  }
}

async function arrived(store: EventStore): Promise<string | undefined> {
  const end = await store.highWaterMark();
  for (const until = performance.now() + patienceMs; ; await delay(50)) {
    const versions = (await store.projections.list()).filter(({ name }) => names.includes(name));
    const late = versions.filter((version) => !hasAll(version, end));
    if (late.length === 0) return undefined;
    if (performance.now() > until)
      return `after ${patienceMs / 1_000} s not up to date: ${late.map(({ name, version, state, position }) => `${name} v${version} (${state}, ${position} of ${end})`).join("; ")}`;
  }
}
