import { useRef } from "preact/hooks";
import type { FollowerReport, FollowersReport } from "../../../wire/followers.ts";
import { apiOf } from "../../state/ask.ts";
import { type Reported, useReport } from "../../state/use-report.ts";

export interface Sample {
  readonly at: number;
  readonly lagEvents: number;
  readonly lagMs: number;
}

export interface FollowedFollowers extends Reported<FollowersReport> {
  /** What this page has seen of one, for ten minutes at most. */
  readonly samplesOf: (follower: Pick<FollowerReport, "kind" | "name">) => readonly Sample[];
}

const windowMs = 600_000;
const rateMs = 60_000;

/** Asks every two seconds, and keeps what it has seen. */
export function useFollowers(): FollowedFollowers {
  const seen = useRef(new Map<string, Sample[]>());
  const reported = useReport<FollowersReport>(apiOf("followers"), { everyMs: 2_000 });
  const { report } = reported;
  for (const follower of report?.followers ?? []) {
    const key = keyOf(follower);
    const samples = seen.current.get(key) ?? [];
    seen.current.set(key, samples);
    const at = report?.at ?? 0;
    if (samples.at(-1)?.at !== at) samples.push({ at, lagEvents: follower.lagEvents, lagMs: follower.lagMs });
    while (at - (samples[0]?.at ?? at) > windowMs) samples.shift();
  }
  return { ...reported, samplesOf: (follower) => seen.current.get(keyOf(follower)) ?? [] };
}

/** How long until it has caught up, at the pace of the last minute. Undefined: not yet known, or it does not come nearer. */
export function drainMs(samples: readonly Sample[]): number | undefined {
  const last = samples.at(-1);
  if (!last) return undefined;
  if (last.lagEvents === 0) return 0;
  const first = samples.find(({ at }) => last.at - at <= rateMs);
  if (!first || last.at - first.at < 1_000 || first.lagEvents <= last.lagEvents) return undefined;
  return (last.lagEvents * (last.at - first.at)) / (first.lagEvents - last.lagEvents);
}

function keyOf({ kind, name }: Pick<FollowerReport, "kind" | "name">): string {
  return `${kind} ${name}`;
}
