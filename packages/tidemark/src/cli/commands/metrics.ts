import type { Command } from "commander";
import { pause } from "../../async/pause.ts";
import type { Blocker } from "../../feed/blockers.ts";
import type { ConnectionBudget } from "../../operations/connection-budget.ts";
import type { FollowerState } from "../../operations/follower-states.ts";
import { drainMs } from "../../runtime/follower-metrics.ts";
import type { EventStore } from "../../store/event-store.ts";
import { addBudgetFlags, type BudgetFlags, budgetOf } from "../budget-flags.ts";
import { wholeNumber } from "../flags.ts";
import { count, counted } from "../progress.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import { untilInterrupted } from "../until-interrupted.ts";

interface MetricsFlags extends StoreFlags, BudgetFlags {
  readonly for: number;
}

/** `tidemark metrics` */
export function addMetrics(program: Command, terminal: Terminal): void {
  addBudgetFlags(addStoreFlags(program.command("metrics"), "the figures, one JSON document,"))
    .description(
      "Show what the database knows of work under way: the mark, who holds it back, the lag and pace of consumers, projections and processes, and the server's connections.",
    )
    .option("--for <ms>", "how long to watch for the pace", wholeNumber, 1_000)
    .addHelpText("after", "\nExamples:\n  tidemark metrics\n  tidemark metrics --for 10000 --json")
    .action((flags: MetricsFlags) => metrics(flags, terminal));
}

export interface Sample {
  readonly at: number;
  readonly mark: number;
  readonly followers: readonly FollowerState[];
}

/** A follower with its pace between two samples. */
export interface Paced extends FollowerState {
  readonly positionsPerSecond: number;
  readonly drainMs: number | null;
}

export interface Figures {
  readonly mark: { readonly position: number; readonly positionsPerSecond: number; readonly heldBy: readonly Blocker[] };
  readonly followers: readonly Paced[];
}

async function metrics(flags: MetricsFlags, terminal: Terminal): Promise<void> {
  const figures = await withStore(flags, terminal, (store) =>
    untilInterrupted("The command was interrupted. It changes nothing.", async (signal) => {
      const before = await sample(store);
      await pause(flags.for, signal, { keepsProcess: true });
      const connections = await store.connectionBudget(budgetOf(flags));
      return { ...figuresBetween(before, await sample(store), await store.blockers()), connections };
    }),
  );
  if (flags.json) return terminal.printJson(figures);
  print(figures, terminal);
  terminal.print(connectionLine(figures.connections));
}

async function sample(store: EventStore): Promise<Sample> {
  const mark = await store.highWaterMark();
  return { at: performance.now(), mark, followers: await store.followers() };
}

/** What two looks at the same store tell. */
export function figuresBetween(before: Sample, after: Sample, heldBy: readonly Blocker[]): Figures {
  const seconds = Math.max(0.001, (after.at - before.at) / 1_000);
  const growth = (after.mark - before.mark) / seconds;
  const followers = after.followers.map((follower): Paced => {
    const earlier = before.followers.find(
      ({ kind, name, version, tenant }) => kind === follower.kind && name === follower.name && version === follower.version && tenant === follower.tenant,
    );
    const positionsPerSecond = Math.max(0, (follower.position - (earlier?.position ?? follower.position)) / seconds);
    return { ...follower, positionsPerSecond, drainMs: drainMs(follower.lagEvents, positionsPerSecond, growth) };
  });
  return { mark: { position: after.mark, positionsPerSecond: growth, heldBy }, followers };
}

function print({ mark, followers }: Figures, terminal: Terminal): void {
  terminal.print(`mark at ${mark.position}, ${count(Math.round(mark.positionsPerSecond))} positions a second`, "bold");
  for (const { pid, transaction, heldForMs, events } of mark.heldBy) {
    const who = pid === null ? `prepared transaction ${transaction ?? ""}` : `backend ${pid}`;
    terminal.print(`held back by ${who} for ${seconds(heldForMs)}; ${counted(events, "event")} behind it`);
  }
  if (followers.length === 0) return;
  terminal.table([
    ["kind", "name", "tenant", "state", "position", "behind", "since", "a second", "drains in", "dead letters"],
    ...followers.map((follower) => [
      follower.kind,
      `${follower.name}${follower.version === null ? "" : ` ${follower.version}`}`,
      follower.tenant,
      follower.paused ? "paused" : follower.state,
      follower.position,
      follower.lagEvents,
      seconds(follower.lagMs),
      Math.round(follower.positionsPerSecond),
      follower.drainMs === null ? "never" : seconds(follower.drainMs),
      follower.deadLetters,
    ]),
  ]);
}

function connectionLine({ limit, taken, applications, poolMax, ofOneProcess, fit }: ConnectionBudget): string {
  const by = applications.map(({ name, connections }) => `${connections} ${name === "" ? "without a name" : name}`).join(", ");
  return `${taken} of ${limit} connections are taken${by === "" ? "" : `: ${by}`}. A process with a pool of ${poolMax} takes up to ${ofOneProcess}: ${fit} ${fit === 1 ? "fits" : "fit"}.`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
