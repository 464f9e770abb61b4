import { didYouMean } from "../../arguments/suggest.ts";
import { sentence } from "../../errors/tidemark-error.ts";
import { toListLetters, toResume } from "../follower-commands.ts";
import type { FollowerState } from "../follower-states.ts";
import type { ValidHealthLimits } from "./health-limits.ts";
import { good, type HealthCheck, upTo } from "./health-report.ts";

/** The checks of each consumer, projection, process and relay: whether it works, how far it is behind, and what it gave up on. */
export function checkFollowers(states: readonly FollowerState[], limits: ValidHealthLimits): readonly HealthCheck[] {
  const names = new Set(states.map(({ name }) => name));
  const unknown = Object.keys(limits.maxLag).filter((name) => !names.has(name));
  return [...unknown.map((name) => missing(name, limits.maxLag[name] ?? 0, [...names])), ...states.flatMap((state) => checksOf(state, limits))];
}

function missing(name: string, limit: number, known: readonly string[]): HealthCheck {
  const advice = `No consumer, projection, process or relay called ${JSON.stringify(name)} was ever run on this store${didYouMean(name, known) || "; start its worker."}`;
  return { name: `lag of ${name}`, status: "failing", value: null, limit, advice };
}

function checksOf(state: FollowerState, limits: ValidHealthLimits): readonly HealthCheck[] {
  const { deadLetters } = state;
  const name = nameOf(state);
  const letters = upTo(`dead letters of ${name}`, deadLetters, limits.maxDeadLetters, {
    above: "degraded",
    advice: `Look at them with: ${toListLetters(state)}. Retry or discard each.`,
  });
  return [
    checkLag(state, name, limits),
    ...(state.kind === "consumer" || state.kind === "relay" ? [letters] : []),
    ...(state.forked > 0 ? [forked(state, name)] : []),
  ];
}

/** Of the follower; its version and tenant where it has them. */
function nameOf({ name, version, tenant }: FollowerState): string {
  return `${name}${version === null ? "" : ` ${version}`}${tenant === "" ? "" : ` of ${tenant}`}`;
}

function checkLag(state: FollowerState, name: string, { maxLag, maxLagMs }: ValidHealthLimits): HealthCheck {
  const { lagEvents, lagMs, error } = state;
  const most = Object.hasOwn(maxLag, state.name) ? maxLag[state.name] : undefined;
  const lag = { name: `lag of ${name}`, value: lagEvents, limit: most ?? null };
  if (state.state === "failed" && lagEvents > 0) {
    return {
      ...lag,
      status: "failing",
      advice: `It stopped at an event: ${sentence(error ?? "see the log of its worker")} Mend the cause, then ${toResume(state)}`,
    };
  }
  if (most !== undefined && lagEvents > most) return { ...lag, status: "failing", advice: adviceOf(state) };
  if (!state.paused && lagEvents > 0 && lagMs > maxLagMs)
    return { ...lag, status: "degraded", advice: `It has been behind for ${Math.round(lagMs / 1_000)} s. ${adviceOf(state)}` };
  return good(lag.name, lagEvents, lag.limit);
}

function adviceOf({ state, paused, error }: FollowerState): string {
  if (paused) return "It is paused: resume it, or give it no limit.";
  if (state === "stopped") return "No worker runs it: start one.";
  if (state === "retrying") return `It tries an event again and again: ${sentence(error ?? "see the log of its worker")}`;
  return "Its worker is slower than events are appended: give it more shards and workers, larger batches, or a faster handler.";
}

function forked({ forked: shards }: FollowerState, name: string): HealthCheck {
  return {
    name: `history of ${name}`,
    status: "failing",
    value: shards,
    limit: 0,
    advice: "The event of its checkpoint is gone: the database lost events that it had read, as after a failover or a restore. See the runbook for failover.",
  };
}
