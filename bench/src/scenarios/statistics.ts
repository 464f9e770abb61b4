import { randomUUID } from "node:crypto";
import { runSql } from "../databases.ts";
import type { Comparison, Scenario, Setting } from "../scenario.ts";
import { contestant } from "../subjects/open.ts";
import type { Subject } from "../subjects/subject.ts";
import { openTidemark } from "../subjects/tidemark.ts";

/** One event each, as appends would have left them. */
const fill = (streams: number): string => `
with filled as (
  insert into tidemark.streams (tenant, name) select '', 'cart-' || n from generate_series(1, ${streams}) as n
  returning id
)
insert into tidemark.events (position, stream_id, version, id, recorded_at, type, data)
select nextval('tidemark.events_position_seq'), id, 1, gen_random_uuid(), clock_timestamp(), 'ItemAdded', '{"quantity": 1}' from filled`;

/** The planner never learns how large the tables are: not from ANALYZE, not from autovacuum. */
const keepIgnorant = `
alter table tidemark.streams set (autovacuum_enabled = off);
alter table tidemark.events set (autovacuum_enabled = off)`;

type State = "empty" | "full" | "ignorant";

/** The store's connections open, and plan, while the tables are empty, and stay. */
async function openStore(setting: Setting, state: State, streams: number): Promise<Subject> {
  const url = await setting.createDatabase();
  const store = await openTidemark(url);
  setting.cleanup.defer(() => store.close());
  await Promise.all(Array.from({ length: 50 }, (_, n) => store.append(`first-${n}`, 1, true)));
  if (state !== "empty") {
    setting.progress(`filling ${streams.toLocaleString("en")} streams`);
    await runSql(url, keepIgnorant);
    await runSql(url, fill(streams));
  }
  if (state === "full") await runSql(url, "vacuum analyze");
  return store;
}

export const appendWhateverTheStatistics: Scenario = {
  number: 7,
  title: "Append to an empty store, to a million streams, and without statistics",
  about:
    "One event a call. Each store's connections were opened while it was empty. Without statistics: a million streams, autovacuum off, never analysed. Existing: 1,000 streams spread over all; the empty store gets them in the warm-up.",
  async prepare(setting) {
    const streams = setting.quick ? 100_000 : 1_000_000;
    const stores: { name: string; store: Subject }[] = [
      { name: "empty", store: await openStore(setting, "empty", streams) },
      { name: `${streams.toLocaleString("en")} streams`, store: await openStore(setting, "full", streams) },
      { name: "without statistics", store: await openStore(setting, "ignorant", streams) },
    ];
    const existing = (): string => `cart-${Math.floor(Math.random() * 1_000) * (streams / 1_000) + 1}`;
    await Promise.all(
      stores.map(({ store }) => Promise.all(Array.from({ length: 1_000 }, (_, n) => store.append(`cart-${n * (streams / 1_000) + 1}`, 1, false)))),
    );
    return [true, false].flatMap((isNew) =>
      [1, 100].map((callers): Comparison => ({
        label: `${isNew ? "new" : "existing"} streams, ${callers === 1 ? "1 caller" : `${callers} callers`}`,
        subject: "empty",
        contestants: stores.map(({ name, store }) => contestant(name, callers, () => store.append(isNew ? `cart-${randomUUID()}` : existing(), 1, isNew))),
        targets: [{ spreadAtMost: 1.3 }],
      })),
    );
  },
};
