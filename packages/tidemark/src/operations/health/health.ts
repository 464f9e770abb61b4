import type { Database } from "../../database/database.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import type { Blocker } from "../../feed/blockers.ts";
import type { Feed } from "../../feed/feed.ts";
import { verify } from "../../schema/verify.ts";
import { followerStates } from "../follower-states.ts";
import { checkFollowers } from "./check-followers.ts";
import { checkServerFacts } from "./check-server.ts";
import type { ValidHealthLimits } from "./health-limits.ts";
import { good, type HealthCheck, type HealthReport, upTo, worstOf } from "./health-report.ts";
import { type HealthFacts, healthFacts } from "./server-facts.ts";

export interface HealthContext {
  readonly database: Database;
  readonly schema: string;
  readonly feed: Pick<Feed, "highWaterMark" | "blockers" | "metrics">;
  readonly durability: "server" | "on" | "off";
  readonly phase: "open" | "closing" | "closed";
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
}

/** Looks at the store. Never rejects: what cannot be asked is a check that fails. */
export async function health(context: HealthContext, limits: ValidHealthLimits): Promise<HealthReport> {
  const { phase } = context;
  if (phase !== "open") {
    const advice = "Send no more calls to this process.";
    return report(phase === "closing", false, [{ name: "store", status: "failing", value: phase, limit: null, advice }]);
  }
  // Now, for what waits now: this look may have to wait behind it.
  const pool = checkPool(context);
  const migrations = await checkMigrations(context, limits.timeoutMs);
  if (migrations.status === "failing") return report(true, false, [good("store", phase), migrations, ...checkPool(context)]);
  try {
    return report(true, true, [good("store", phase), migrations, ...(await checkAll(context, limits, pool))]);
  } catch (error) {
    return report(true, false, [good("store", phase), unanswered("database", error), ...checkPool(context)]);
  }
}

function report(live: boolean, ready: boolean, checks: readonly HealthCheck[]): HealthReport {
  return { live, ready, status: worstOf(checks.map(({ status }) => status)), checks };
}

function unanswered(name: string, error: unknown): HealthCheck {
  const message = error instanceof Error ? error.message : String(error);
  return { name, status: "failing", value: message, limit: null, advice: "Look whether the server runs and can be reached, and at its log." };
}

async function checkMigrations({ database, schema }: HealthContext, timeoutMs: number): Promise<HealthCheck> {
  try {
    await verify(
      { ...database, query: (statement, values) => database.query(statement, values, { timeoutMs, signal: AbortSignal.timeout(timeoutMs) }) },
      schema,
    );
    return good("migrations", "applied");
  } catch (error) {
    if (isTidemarkError(error, "SCHEMA_OUTDATED") || isTidemarkError(error, "SCHEMA_TOO_NEW") || isTidemarkError(error, "MIGRATION_CHANGED"))
      return { name: "migrations", status: "failing", value: error.code, limit: null, advice: error.message };
    return unanswered("database", error);
  }
}

async function checkAll(context: HealthContext, limits: ValidHealthLimits, pool: readonly HealthCheck[]): Promise<readonly HealthCheck[]> {
  const { database, schema, feed, durability, tenant } = context;
  const began = performance.now();
  const { mark, sequence } = await readMark(feed, limits.timeoutMs);
  const facts = await healthFacts(database, schema, mark, limits.timeoutMs);
  const states = await followerStates(database, schema, mark, tenant);
  // An embedded database promises what the disk of its process does, and has neither other clients nor their locks.
  const server = database.driver === "pg" ? checkServerFacts(facts, limits, durability) : [];
  const answer = upTo("database", Math.round(performance.now() - began), limits.timeoutMs, { above: "degraded", advice: "The server is slow to answer." });
  return [answer, ...(sequence ? [sequence] : [await checkMark(facts, limits, feed)]), ...server, ...pool, ...checkFollowers(states, limits)];
}

/** The mark. Where the sequence is behind the log there is none, and readers refuse to work. */
async function readMark(feed: HealthContext["feed"], timeoutMs: number): Promise<{ readonly mark: number; readonly sequence?: HealthCheck }> {
  try {
    return { mark: await feed.highWaterMark(AbortSignal.timeout(timeoutMs)) };
  } catch (error) {
    if (!isTidemarkError(error, "SEQUENCE_BEHIND")) throw error;
    return { mark: error.log, sequence: { name: "mark", status: "failing", value: null, limit: null, advice: error.message } };
  }
}

/** What is committed and waits is what counts: a mark that stands still while nobody appends is well. */
async function checkMark({ waiting, waitingMs }: HealthFacts, { maxMarkAgeMs }: ValidHealthLimits, feed: HealthContext["feed"]): Promise<HealthCheck> {
  if (waitingMs <= maxMarkAgeMs) return good("mark", Math.round(waitingMs), maxMarkAgeMs);
  const blockers = await feed.blockers();
  const events = waiting > 10_000 ? "more than 10,000 committed events wait" : waiting === 1 ? "1 committed event waits" : `${waiting} committed events wait`;
  return {
    name: "mark",
    status: "failing",
    value: Math.round(waitingMs),
    limit: maxMarkAgeMs,
    advice: `The high-water mark stands still: ${events} behind ${blockers.length === 0 ? "an append that has ended by now. Look again." : blockers.map(endOf).join("; ")}`,
  };
}

function endOf({ pid, transaction, applicationName, heldForMs }: Blocker): string {
  if (pid === null) return `the prepared transaction ${JSON.stringify(transaction)}. Run: commit prepared or rollback prepared '${transaction}'`;
  const by = applicationName === "" ? "" : ` of ${JSON.stringify(applicationName)}`;
  return `the open transaction of backend ${pid}${by}, for ${Math.round(heldForMs / 1_000)} s. To end it: select pg_catalog.pg_terminate_backend(${pid})`;
}

function checkPool({ database, feed }: HealthContext): readonly HealthCheck[] {
  const { waiting, max, timeouts } = database.metrics();
  const pool = upTo("pool", waiting, max, {
    above: "degraded",
    advice: `${waiting} calls wait for one of ${max} connections, and ${timeouts} got none since the store was opened. Raise pool.max, or look for slow transactions.`,
  });
  const { listener } = feed.metrics();
  if (listener.state !== "deaf") return [pool, good("listener", listener.state)];
  const advice =
    "It hears nothing, most likely because of a pooler in transaction mode, and followers poll. Give the store a direct connection to hear at once.";
  return [pool, { name: "listener", status: "degraded", value: listener.state, limit: null, advice }];
}
