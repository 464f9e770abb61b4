import type { Comparison } from "./scenario.ts";
import type { Sample } from "./sample.ts";
import { median, quantile } from "./statistics.ts";

export interface ContestantResult {
  readonly name: string;
  /** Of each turn, in the order in which all took turns. */
  readonly rates: readonly number[];
  /** Whether ratios are those of turns that came together, and not those of medians. */
  readonly paired: boolean;
  /** The median of `rates`. */
  readonly eventsPerSecond: number;
  /** Of all calls in all rounds. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly longestMs: number;
}

export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
}

/**
 * Warms every contestant up, then measures all of them in each turn, each turn beginning with another one, so that noise
 * and what the one before left behind (a checkpoint, dirty buffers) hit all alike. A turn is a round, or a slice of one.
 */
export async function compare(comparison: Comparison, { rounds, seconds }: Pace, progress: (text: string) => void): Promise<readonly ContestantResult[]> {
  const { contestants, slices = 1 } = comparison;
  const samples = new Map<string, Sample[]>();
  for (const { name, measure } of contestants) {
    progress(`warming up ${name}`);
    samples.set(name, []);
    await measure(seconds / 4);
  }
  for (let turn = 0; turn < rounds * slices; turn += 1) {
    const first = turn % contestants.length;
    for (const { name, measure } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      progress(`round ${Math.floor(turn / slices) + 1} of ${rounds}, ${name}`);
      samples.get(name)?.push(await measure(seconds / slices));
    }
  }
  return contestants.map(({ name }) => summarize(name, samples.get(name) ?? [], slices > 1));
}

function summarize(name: string, samples: readonly Sample[], paired: boolean): ContestantResult {
  const rates = samples.map(({ events, seconds }) => events / seconds);
  const latencies = Float64Array.from(samples.flatMap((sample) => sample.latencies)).sort();
  return {
    name,
    rates,
    paired,
    eventsPerSecond: median(rates),
    medianMs: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    p999Ms: quantile(latencies, 0.999),
    longestMs: quantile(latencies, 1),
  };
}
