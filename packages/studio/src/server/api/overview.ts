import type { EventStore, FollowerState } from "tidemark";
import type { BlockerLine, DoctorReport, FollowerLine, OverviewReport, StatsReport } from "../../wire/reports.ts";
import { eventLine } from "../events/event-documents.ts";
import type { SharedCall } from "./call.ts";

/** Asked for every two seconds by each tab. */
export function overview({ store, shared, options }: SharedCall): Promise<OverviewReport> {
  return shared.of("overview", 1_000, () => overviewOf(store, options.tenants === "all"));
}

/** One call after another: who looks at a store takes one connection of its pool, and does not make others wait. */
async function overviewOf(store: EventStore, all: boolean): Promise<OverviewReport> {
  const mark = await store.highWaterMark();
  const [newest] = await store.readAll({ direction: "backward", limit: 1, raw: true }).toArray();
  const blockers = await store.blockers();
  const followers = await store.followers();
  const health = await store.health();
  return {
    at: Date.now(),
    mark,
    newest: newest ? eventLine(newest) : null,
    blockers: blockers.map(({ applicationName, ...blocker }): BlockerLine => ({ ...blocker, application: applicationName })),
    // Where the pages of one tenant are shown, no other's can be led to.
    followers: followers.map((follower) => followerLine({ ...follower, tenant: all ? follower.tenant : "" })),
    health: { status: health.status, checks: health.checks },
  };
}

function followerLine({ kind, name, version, tenant, state, position, lagEvents, lagMs, deadLetters, error }: FollowerState): FollowerLine {
  return { kind, name, version, tenant, state, position, lagEvents, lagMs, deadLetters, error };
}

export function doctor({ store, shared }: SharedCall): Promise<DoctorReport> {
  return shared.of("doctor", 15_000, async () => ({ at: Date.now(), findings: await store.doctor() }));
}

export function stats({ store, shared, options }: SharedCall): Promise<StatsReport> {
  return shared.of("stats", 60_000, async () => {
    const { events, streams, types, categories, days, largestStreams, bytes } = await store.stats({ days: 30 });
    const all = options.tenants === "all";
    const largest = largestStreams.map(({ streamId, events: size, tenant }) => ({ streamId, events: size, tenant: all ? tenant : null }));
    return { at: Date.now(), events, streams, types, categories, days, largestStreams: largest, bytes };
  });
}
