import type { DefinedEvents } from "../catalogue/defined-events.ts";
import { checkExamples } from "../catalogue/try-examples.ts";
import type { Database } from "../database/database.ts";
import { everything, LogPages } from "../feed/log-pages.ts";
import { MarkReader } from "../feed/mark.ts";
import { decodeLogEvent } from "../read/decode.ts";
import { StatementsBySize } from "../read/statements-by-size.ts";
import { EventCheck } from "./event-check.ts";
import type { CheckProgress } from "./check-options.ts";
import { CheckTally, type CheckedType } from "./check-tally.ts";
import { type SampledType, sampleTypes } from "./sample-types.ts";
import { sampledEvents } from "./sampled-events.ts";

export interface CheckOptions {
  /** How many events of each version of a type to read, 1 to 10,000. Undefined: all. */
  readonly sample: number | undefined;
  /** Whether the schemas check what was decoded. */
  readonly validates: boolean;
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
  readonly signal: AbortSignal;
  readonly progress: (progress: CheckProgress) => void;
}

/**
 * What a catalogue cannot handle of the stored events.
 *
 * @example
 * ```ts
 * export function isReady({ failed, examples }: CheckReport): boolean {
 *   return failed === 0 && examples.length === 0;
 * }
 * ```
 */
export interface CheckReport {
  /** Events up to here were looked at: the high-water mark at the start. */
  readonly position: number;
  /** How many events were read. */
  readonly checked: number;
  /** How many of them the catalogue cannot handle. */
  readonly failed: number;
  /** Every stored version of every type, by name and version. */
  readonly types: readonly CheckedType[];
  /** Messages about examples of the catalogue that do not fit. */
  readonly examples: readonly string[];
}

/** Reads what is stored with a catalogue, and reports what that cannot handle. Writes nothing. */
export async function checkEvents(database: Database, schema: string, catalogue: DefinedEvents, options: CheckOptions): Promise<CheckReport> {
  const { sample, signal, validates } = options;
  const examples = await checkExamples(catalogue);
  const { position } = await new MarkReader(database, schema).read(signal);
  const tally = new CheckTally(new EventCheck(catalogue, validates));
  if (sample === undefined) {
    await checkAll(database, schema, position, tally, options);
  } else {
    const sampled = await sampleTypes(database, schema, { until: position, size: sample, tenant: options.tenant }, signal);
    await checkSample(database, schema, sampled, tally, options);
  }
  const types = tally.types();
  const sum = (key: "checked" | "failed"): number => types.reduce((total, type) => total + type[key], 0);
  return { position, checked: sum("checked"), failed: sum("failed"), types, examples: examples.map(({ message }) => message) };
}

async function checkAll(database: Database, schema: string, until: number, tally: CheckTally, { signal, progress, tenant }: CheckOptions): Promise<void> {
  if (until === 0) return;
  const pages = new LogPages(database, new StatementsBySize(schema)).open(0, until, { ...everything, tenant }, signal);
  for (let events = 0; ;) {
    const { rows, reached, last } = await pages.next();
    for (const row of rows) {
      signal.throwIfAborted();
      await tally.check(decodeLogEvent(row));
    }
    events += rows.length;
    progress({ checked: events, fraction: reached / until });
    if (last) return;
  }
}

async function checkSample(
  database: Database,
  schema: string,
  sampled: readonly SampledType[],
  tally: CheckTally,
  { signal, progress }: CheckOptions,
): Promise<void> {
  for (const { type, schemaVersion, count } of sampled) tally.expect(type, schemaVersion, count);
  const all = sampled.reduce((total, { positions }) => total + positions.length, 0);
  let read = 0;
  for await (const event of sampledEvents(database, schema, sampled, signal)) {
    await tally.check(event);
    progress({ checked: ++read, fraction: read / all });
  }
}
