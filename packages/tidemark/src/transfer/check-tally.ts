import type { RecordedEvent } from "../model/event.ts";
import type { EventCheck, EventProblem } from "./event-check.ts";

/**
 * One problem, with the event that has it.
 *
 * @example
 * ```ts
 * export function told({ id, kind, message }: FoundProblem): string {
 *   return `${id} (${kind}): ${message}`;
 * }
 * ```
 */
export interface FoundProblem extends EventProblem {
  readonly id: string;
  readonly position: number;
  readonly streamId: string;
  readonly tenant: string;
}

/**
 * What was found of one version of a type.
 *
 * @example
 * ```ts
 * export function nameOf({ type, schemaVersion }: CheckedType): string {
 *   return `${type} ${schemaVersion}`;
 * }
 * ```
 */
export interface CheckedType {
  readonly type: string;
  readonly schemaVersion: number;
  /** How many are stored, and how many of them were read. */
  readonly count: number;
  readonly checked: number;
  readonly failed: number;
  /** Of the first ten events that failed. */
  readonly problems: readonly FoundProblem[];
}

/** So many failed events of a version are shown; the rest is counted, because one wrong step fails millions. */
const shownEvents = 10;

interface Entry {
  readonly type: string;
  readonly schemaVersion: number;
  count: number | undefined;
  checked: number;
  failed: number;
  readonly problems: FoundProblem[];
}

/** Counts what a check finds, by version of each type. */
export class CheckTally {
  readonly #check: EventCheck;
  readonly #entries = new Map<string, Entry>();

  constructor(check: EventCheck) {
    this.#check = check;
  }

  /** So many are stored, of which perhaps not all are checked. */
  expect(type: string, schemaVersion: number, count: number): void {
    this.#entry(type, schemaVersion).count = count;
  }

  async check(event: RecordedEvent): Promise<void> {
    const entry = this.#entry(event.type, event.schemaVersion);
    entry.checked++;
    const problems = await this.#check.problemsOf(event);
    if (problems.length === 0) return;
    if (entry.failed++ >= shownEvents) return;
    const { id, position, streamId, tenant } = event;
    entry.problems.push(...problems.map((problem) => ({ ...problem, id, position, streamId, tenant })));
  }

  types(): readonly CheckedType[] {
    const entries = [...this.#entries.values()].map((entry) => ({ ...entry, count: entry.count ?? entry.checked }));
    return entries.toSorted((a, b) => (a.type === b.type ? a.schemaVersion - b.schemaVersion : a.type < b.type ? -1 : 1));
  }

  #entry(type: string, schemaVersion: number): Entry {
    const key = `${schemaVersion} ${type}`;
    let entry = this.#entries.get(key);
    if (!entry) this.#entries.set(key, (entry = { type, schemaVersion, count: undefined, checked: 0, failed: 0, problems: [] }));
    return entry;
  }
}
