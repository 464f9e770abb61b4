import type { Look } from "./record.ts";

/** Looks of one quarter of an outage, in the middle of what each measure was. */
export interface Quarter {
  readonly looks: number;
  readonly backlog: number;
  readonly heap: number;
  readonly mostHeap: number;
  readonly rss: number;
}

/** The quarters of an outage, by the order of the looks. */
export function quartersOf(looks: readonly Look[]): readonly [Quarter, Quarter, Quarter, Quarter] {
  const quarter = (n: number): Quarter => summaryOf(looks.slice(Math.floor((looks.length * n) / 4), Math.floor((looks.length * (n + 1)) / 4)));
  return [quarter(0), quarter(1), quarter(2), quarter(3)];
}

function summaryOf(looks: readonly Look[]): Quarter {
  const heaps = looks.map(({ heap }) => heap);
  return {
    looks: looks.length,
    backlog: median(looks.map(({ backlog }) => backlog)),
    heap: median(heaps),
    mostHeap: Math.max(...heaps),
    rss: median(looks.map(({ rss }) => rss)),
  };
}

/** What lies in the middle: a leak moves it, and a single look at an unlucky moment does not. */
function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
