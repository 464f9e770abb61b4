import { addHistory, emptyHistories } from "../../src/check/history.ts";
import { judge, type Evidence } from "../../src/check/invariant.ts";
import { invariants } from "../../src/check/invariants/invariants.ts";
import { logOf } from "../../src/check/log.ts";
import { eventId } from "../../src/history/content.ts";
import { shortId } from "../../src/history/short-id.ts";
import type { Answer, AppendCall, Call, Conflict, Entry, Expected, PartResult } from "../../src/history/entry.ts";
import type { FinalState, LogLine } from "../../src/history/final.ts";

/** The id of an event by its number, the same at every call. */
const ids = new Map<number, string>();
export function id(number: number): string {
  const known = ids.get(number) ?? eventId(1, 1, number, 0);
  ids.set(number, known);
  return known;
}

/** What a process writes down, one call after the other: each begins a moment after the one before it ended. */
export class Script {
  readonly entries: Entry[] = [];
  #op = 0;
  #at: number;

  constructor(startsAt = 0) {
    this.#at = startsAt;
  }

  /** A call and how it ended; without an end the process died. */
  call(call: Call, end?: Answer | { readonly fail: string; readonly conflicts?: readonly Conflict[] } | { readonly unknown: string }): this {
    const op = this.#op++;
    this.entries.push({ t: "invoke", op, at: (this.#at += 10), call });
    if (!end) return this;
    const line = { op, at: (this.#at += 10) };
    if ("fail" in end) this.entries.push({ ...line, t: "fail", code: end.fail, ...(end.conflicts && { conflicts: end.conflicts }) });
    else if ("unknown" in end) this.entries.push({ ...line, t: "unknown", code: end.unknown });
    else this.entries.push({ ...line, t: "ok", answer: end });
    return this;
  }

  append(stream: string, numbers: readonly number[], results: readonly PartResult[] | "fail" | "unknown" | undefined, expected: Expected = "any"): this {
    const call: AppendCall = { kind: "append", how: "append to a stream", parts: [{ stream, expected, ids: numbers.map(id) }] };
    if (results === undefined) return this.call(call);
    if (results === "fail") return this.call(call, { fail: "DATABASE" });
    return this.call(call, results === "unknown" ? { unknown: "OUTCOME_UNKNOWN" } : { kind: "append", results });
  }

  follow(after: number, seen: readonly (readonly [position: number, number: number])[], category?: string): this {
    this.call({ kind: "follow", via: "readAll", after, ...(category !== undefined && { category }) });
    this.entries.push({ t: "seen", op: this.#op - 1, at: ++this.#at, events: seen.map(([position, number]) => [position, shortId(id(number))]) });
    return this;
  }
}

/** `[position, event number, stream, version]` */
export type Row = readonly [position: number, number: number, stream: string, version: number];

export function evidenceOf(scripts: readonly Script[], rows: readonly Row[], final: Partial<FinalState> = {}): Evidence {
  const histories = emptyHistories();
  for (const [index, { entries }] of scripts.entries()) addHistory(histories, `worker-${index + 1}.1`, entries);
  return {
    histories,
    log: logOf(rows.map(([position, number, stream, version]): LogLine => [position, id(number), stream, version])),
    final: {
      read: rows.map(([position]) => position).sort((a, b) => a - b),
      altered: [],
      highWaterMark: Math.max(0, ...rows.map(([position]) => position)),
      blockers: 0,
      changes: ["TM004", "TM004", "TM004"],
      sessions: [],
      locks: [],
      migrations: [1],
      verified: { events: 2, problems: [] },
      deadlocks: [],
      farewells: [{ worker: 1, incarnation: 1, tookMs: 10, code: 0 }],
      ...final,
    },
  };
}

/** The invariants that do not hold. */
export function broken(evidence: Evidence): string[] {
  return judge(invariants, evidence)
    .filter(({ anomalies }) => anomalies > 0)
    .map(({ id: name }) => name);
}
