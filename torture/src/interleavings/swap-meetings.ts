import { setTimeout as delay } from "node:timers/promises";
import { defineProjection, type Projection } from "tidemark";
import { allWell, beginWith, commit } from "./append-meetings.ts";
import type { Meeting, Place } from "./meeting.ts";
import type { Step } from "./session.ts";

const mostMs = 30_000;

/** Notes which version had the effects of an event, and at the commit which one serves then. */
const table = `
create table public.affected (key text not null, version integer not null, serving integer);
create function public.note_serving() returns trigger language plpgsql as $$
begin
  update public.affected as a
     set serving = (select p.version from interleavings.projections as p where p.name = 'affected' and p.serving)
   where a.key = new.key and a.version = new.version;
  return null;
end $$;
create constraint trigger affected_serving after insert on public.affected deferrable initially deferred
  for each row execute function public.note_serving();`;

const affected = (version: number): Projection =>
  defineProjection({
    name: "affected",
    version,
    mode: "inline",
    rebuild: "manual",
    handles: ["Affected"],
    setup: async (tx) => {
      if (version === 1) await tx.query(table);
    },
    handle: async ({ category }, tx) => {
      if (!tx.replaying) await tx.query("insert into public.affected (key, version) values ($1, $2)", [category, version]);
    },
  });

const append =
  (stream: string): Step =>
  ({ tx }) =>
    tx().appendToStream(stream, [{ type: "Affected", data: {} }]);

/** Once, at once: where an append is in flight it is busy. */
const swapTo =
  (version: number): Step =>
  ({ own }) =>
    own.projections.swap("affected", { version, timeoutMs: 0 });

/** Appends write both versions. */
async function untilLive({ known }: Place): Promise<void> {
  const state = async (): Promise<string> => (await known.projections.get("affected", { version: 2 })).state;
  if ((await state()) === "inactive") await known.projections.rebuild("affected", { version: 2, swap: "manual" });
  for (const until = performance.now() + mostMs; (await state()) !== "live"; await delay(10)) {
    if (performance.now() > until) throw new Error(`Version 2 was not live after ${mostMs} ms.`);
  }
}

async function otherVersion({ query }: Place): Promise<number> {
  const [row] = await query("select version from interleavings.projections where name = 'affected' and serving");
  return row?.["version"] === 1 ? 2 : 1;
}

/** The effects of its event were those of the version that served when they became visible. */
async function judge({ query }: Place, key: string, outcomes: readonly (readonly string[])[]): Promise<string | undefined> {
  const failed = allWell(outcomes.map((steps) => steps.map((outcome) => (outcome === "PROJECTION_NOT_READY" ? "ok" : outcome))));
  if (failed !== undefined) return failed;
  const rows = await query("select version, serving from public.affected where key = $1", [key]);
  const [version, serving] = [rows[0]?.["version"], rows[0]?.["serving"]].map(Number);
  if (rows.length !== 1) return `the event had effects ${rows.length} times`;
  return version === serving ? undefined : `version ${version} had effects while version ${serving} served`;
}

export const swapMeetings: readonly Meeting[] = [
  {
    name: "a swap and an event whose effects depend on it",
    promise: "S9",
    steps: [2, 1],
    projections: [affected(1), affected(2)],
    async prepare(key, place) {
      await untilLive(place);
      const version = await otherVersion(place);
      return {
        actors: [[beginWith(append(`${key}-1`)), commit], [swapTo(version)]],
        judge: (outcomes) => judge(place, key, outcomes),
      };
    },
  },
];
