import type { Command } from "commander";
import type { StatsCount, StatsShare, StoreStats } from "../../operations/stats/store-stats.ts";
import { given, wholeNumber } from "../flags.ts";
import { count } from "../progress.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

interface StatsFlags extends StoreFlags {
  readonly days?: number;
}

/** `tidemark stats` */
export function addStats(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("stats"), "the figures, one JSON document,")
    .description("Show what the store holds: events by type, category, tenant and day, the largest streams, and what tables and indexes take on disk.")
    .option("--days <number>", "how many days to show, today included; default: 30", wholeNumber)
    .addHelpText("after", "\nExamples:\n  tidemark stats\n  tidemark stats --days 90 --json\n\n~ marks what is estimated from a sample of a large log.")
    .action((flags: StatsFlags) => stats(flags, terminal));
}

async function stats(flags: StatsFlags, terminal: Terminal): Promise<void> {
  const found = await withStore(flags, terminal, (store) => store.stats(given({ days: flags.days })));
  if (flags.json) terminal.printJson(found);
  else print(found, terminal);
}

/** Lines of a list that are shown; `--json` has all. */
const shownLines = 15;

function print({ events, streams, types, categories, tenants, days, largestStreams, tables, indexes, bytes }: StoreStats, terminal: Terminal): void {
  terminal.print(`${number(events)} events${streams ? ` in ${number(streams)} streams` : ""}, ${size(bytes)}`, "bold");
  shares(terminal, "type", types, events);
  shares(terminal, "category", categories, events);
  if (tenants.some(({ name }) => name !== "")) shares(terminal, "tenant", tenants, events);
  plot(terminal, days);
  if (largestStreams.length > 0)
    table(
      terminal,
      ["stream", "tenant", "events"],
      largestStreams.map(({ streamId, tenant, events: of }) => [streamId, tenant, of]),
    );
  table(
    terminal,
    ["table", "rows", "size", "with indexes"],
    tables.slice(0, shownLines).map(({ name, rows, bytes: own, indexBytes }) => [name, `~${count(rows)}`, size(own), size(own + indexBytes)]),
  );
  table(
    terminal,
    ["index", "of", "size", "used"],
    indexes.slice(0, shownLines).map(({ name, table: of, bytes: own, scans }) => [name, of, size(own), scans]),
  );
}

function table(terminal: Terminal, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  terminal.print();
  terminal.table([head, ...rows]);
}

function shares(terminal: Terminal, what: string, list: readonly StatsShare[], { count: all }: StatsCount): void {
  if (list.length === 0) return;
  table(
    terminal,
    [what, "events", "share"],
    list.slice(0, shownLines).map((one) => [one.name === "" ? '""' : one.name, number(one), `${((100 * one.count) / Math.max(1, all)).toFixed(1)} %`]),
  );
  if (list.length > shownLines) terminal.print(`and ${list.length - shownLines} more`);
}

const widest = 40;

/** A bar for each day, the longest for the most events. */
function plot(terminal: Terminal, days: readonly StatsShare[]): void {
  const most = Math.max(1, ...days.map(({ count: of }) => of));
  table(
    terminal,
    ["day", "events", ""],
    days.map((day) => [day.name, number(day), "█".repeat(Math.ceil((widest * day.count) / most))]),
  );
}

function number({ count: of, estimated }: StatsCount): string {
  return `${estimated ? "~" : ""}${count(of)}`;
}

function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
