import { parseArgs } from "node:util";

export const usage = `Usage: npm run bench -- [options]

  --scenario 1,5    only these
  --rounds 5        measurements of each contestant; the median counts
  --seconds 2       per measurement
  --quick           2 rounds of 0.4 seconds and smaller fillings: about two minutes, for a first impression
  --growth          instead: the costs in stores of 10,000 events, a million, ten million
  --events 10000000   of the largest, up to 100,000,000 (140 GB; free space is checked first)
  --studio          instead: first loads of the studio's pages in Chromium, in stores of 10,000 events and of --events (needs npm run build)
  --mixed           instead: all kinds of calls at once for ten minutes
  --minutes 10        of these
  --url URL         a server to use, whose user may create databases; default: starts PostgreSQL 18
  --json FILE       where the results go; default: bench/results/<time>.json, with an .svg beside it
  --write-docs      also writes the table into docs/benchmarks.md and the plot beside it
  --help`;

export interface Options {
  readonly scenarios: readonly number[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly quick: boolean;
  /** The most events of a store that has grown; undefined: not asked for. */
  readonly growth: number | undefined;
  /** The events of the store whose pages are opened; undefined: not asked for. */
  readonly studio: number | undefined;
  /** Minutes; undefined: not asked for. */
  readonly mixed: number | undefined;
  readonly url: string | undefined;
  readonly json: string | undefined;
  readonly writeDocs: boolean;
  readonly help: boolean;
}

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      growth: { type: "boolean", default: false },
      events: { type: "string", default: "10000000" },
      studio: { type: "boolean", default: false },
      mixed: { type: "boolean", default: false },
      minutes: { type: "string", default: "10" },
      url: { type: "string" },
      json: { type: "string" },
      "write-docs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { quick, url, json, help } = values;
  return {
    scenarios: values.scenario?.split(",").map((text) => positive("scenario", text)),
    rounds: positive("rounds", values.rounds ?? (quick ? "2" : "5")),
    seconds: positive("seconds", values.seconds ?? (quick ? "0.4" : "2")),
    quick,
    growth: values.growth ? positive("events", values.events) : undefined,
    studio: values.studio ? positive("events", values.events) : undefined,
    mixed: values.mixed ? positive("minutes", values.minutes) : undefined,
    url,
    json,
    writeDocs: values["write-docs"],
    help,
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`--${option} takes a number above 0, not ${JSON.stringify(text)}.`);
  return value;
}
