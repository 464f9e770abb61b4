import type { Comparison } from "./scenario.ts";
import type { Sample } from "./sample.ts";
import { median, quantile } from "./statistics.ts";

export interface ContestantResult {
  readonly name: string;
  /** Of each round. */
  readonly rates: readonly number[];
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
 * Warms every contestant up, then measures all of them in each round, each round beginning with another one, so that noise
 * and what the one before left behind (a checkpoint, dirty buffers) hit all alike.
 */
export async function compare({ contestants }: Comparison, { rounds, seconds }: Pace, progress: (text: string) => void): Promise<readonly ContestantResult[]> {
  const samples = new Map<string, Sample[]>();
  for (const { name, measure } of contestants) {
    progress(`warming up ${name}`);
    samples.set(name, []);
    await measure(seconds / 4);
  }
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contestants.length;
    for (const { name, measure } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      progress(`round ${round + 1} of ${rounds}, ${name}`);
      samples.get(name)?.push(await measure(seconds));
    }
  }
  return contestants.map(({ name }) => summarize(name, samples.get(name) ?? []));
}

function summarize(name: string, samples: readonly Sample[]): ContestantResult {
  const rates = samples.map(({ events, seconds }) => events / seconds);
  const latencies = Float64Array.from(samples.flatMap((sample) => sample.latencies)).sort();
  return {
    name,
    rates,
    eventsPerSecond: median(rates),
    medianMs: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    p999Ms: quantile(latencies, 0.999),
    longestMs: quantile(latencies, 1),
  };
}
