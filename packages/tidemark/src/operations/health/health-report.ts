/**
 * How well something is: `"degraded"` works and needs to be looked at, `"failing"` does not do what it is for.
 *
 * @example
 * ```ts
 * const alarming = (status: HealthStatus): boolean => status === "failing";
 * ```
 */
export type HealthStatus = "ok" | "degraded" | "failing";

/**
 * One thing that was looked at.
 *
 * @example
 * ```ts
 * const line = ({ name, value, limit, advice }: HealthCheck): string => `${name}: ${value} of ${limit ?? "any"}. ${advice ?? ""}`;
 * ```
 */
export interface HealthCheck {
  /** `"mark"`, `"durability"` …; `"lag of mailer"`: see the guide to operating for all. The same from one report to the next. */
  readonly name: string;
  readonly status: HealthStatus;
  /** What was found, in the unit that the guide says. Null: there is nothing to tell. */
  readonly value: number | string | null;
  /** From which value on it is not `"ok"`. Null: that is no matter of a number. */
  readonly limit: number | string | null;
  /** What to do. Null: nothing. */
  readonly advice: string | null;
}

/**
 * How well a store is, for probes and people.
 *
 * @example
 * ```ts
 * const report: HealthReport = await store.health();
 * const statusCode = report.ready ? 200 : 503;
 * ```
 */
export interface HealthReport {
  /** Whether the process should go on: false once the store is closed. A database that does not answer is no reason to restart the process. */
  readonly live: boolean;
  /** Whether calls can be served: the database answers, its schema fits, and the store is not closing. */
  readonly ready: boolean;
  /** The worst of the checks. */
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
}

/** The worst of them; `"ok"` of none. */
export function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  return statuses.includes("failing") ? "failing" : statuses.includes("degraded") ? "degraded" : "ok";
}

/** A check that has nothing to complain of. */
export function good(name: string, value: HealthCheck["value"], limit: HealthCheck["limit"] = null): HealthCheck {
  return { name, status: "ok", value, limit, advice: null };
}

/** A value that must not rise above a limit. */
export function upTo(name: string, value: number, limit: number, { above, advice }: { readonly above: HealthStatus; readonly advice: string }): HealthCheck {
  return value > limit ? { name, status: above, value, limit, advice } : good(name, value, limit);
}
