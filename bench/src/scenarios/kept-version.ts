import { setTimeout as delay } from "node:timers/promises";
import { type EventStore, openEventStore } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import type { Comparison, Contestant, Scenario, Setting } from "../scenario.ts";
import { contestant } from "../subjects/open.ts";
import { tally } from "../subjects/tally.ts";

const streams = 1_000;

async function openStore(setting: Setting, versions: readonly number[]): Promise<EventStore> {
  const store = await openEventStore(await setting.createDatabase(), { projections: versions.map((version) => tally("inline", version)) });
  setting.cleanup.defer(() => store.close());
  const latest = Math.max(...versions);
  while (!(await store.projections.get("tally-inline", { version: latest })).serving) await delay(50);
  return store;
}

export const appendWithKeptVersion: Scenario = {
  number: 67,
  title: "Append one event while the version before is kept",
  about: `Every call appends to one of ${streams.toLocaleString("en")} streams, and changes the document of that stream in the same transaction. Kept: in both the version that serves and the one before it.`,
  async prepare(setting) {
    const [alone, kept] = [await openStore(setting, [1]), await openStore(setting, [1, 2])];
    return [1, 100].map((callers): Comparison => {
      const of = (name: string, store: EventStore): Contestant =>
        contestant(name, callers, async () => {
          await store.appendToStream(`cart-${Math.floor(Math.random() * streams)}`, [{ type: eventType, data: eventData }]);
          return 1;
        });
      return {
        label: callers === 1 ? "1 caller" : `${callers} callers`,
        subject: "kept",
        contestants: [of("one version", alone), of("kept", kept)],
        targets: [],
      };
    });
  },
};
