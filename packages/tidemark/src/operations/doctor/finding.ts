/**
 * What `doctor` can find wrong. Each has a part in docs/reference/doctor.md.
 *
 * @example
 * ```ts
 * const known: DoctorCode = "mark-held";
 * ```
 */
export type DoctorCode =
  | "object-missing"
  | "object-changed"
  | "object-left-over"
  | "function-missing"
  | "function-changed"
  | "functions-of-another-edition"
  | "function-left-over"
  | "index-invalid"
  | "index-unused"
  | "privilege-missing"
  | "setting-dangerous"
  | "durability-weak"
  | "autovacuum-off"
  | "chain-broken"
  | "mark-held"
  | "sequence-behind"
  | "sequence-changed"
  | "history-forked"
  | "consumer-stopped"
  | "consumer-behind"
  | "worker-missing"
  | "lease-stuck"
  | "dead-letters"
  | "table-bloated"
  | "statistics-missing"
  | "wraparound-near"
  | "disk-growth"
  | "slot-holds-wal"
  | "listener-deaf"
  | "connections-scarce"
  | "connections-overbooked"
  | "locks-scarce";

/**
 * `"error"`: something does not work, or events may be lost. `"warning"`: it will, or it is slow. `"info"`: worth knowing.
 *
 * @example
 * ```ts
 * const urgent = (severity: DoctorSeverity): boolean => severity === "error";
 * ```
 */
export type DoctorSeverity = "error" | "warning" | "info";

/**
 * Something that is wrong with a database, and how to mend it.
 *
 * @example
 * ```ts
 * const line = ({ severity, what, mend }: DoctorFinding): string => `${severity}: ${what}\n  ${mend}`;
 * ```
 */
export interface DoctorFinding {
  readonly code: DoctorCode;
  readonly severity: DoctorSeverity;
  /** What was found, with the values. */
  readonly what: string;
  /** Why it matters. The same for each finding of a code. */
  readonly why: string;
  /** The command or SQL that mends it, or what to do where there is none. */
  readonly mend: string;
}

/** Why each matters, and how much. */
const reasons: Readonly<Record<DoctorCode, readonly [DoctorSeverity, string]>> = {
  "object-missing": ["error", "The library's statements need it, and fail or become slow without it."],
  "object-changed": ["error", "The library's guarantees rest on its tables as the migrations made them."],
  "object-left-over": ["info", "The library does not know it. An index, trigger or constraint of yours costs every append."],
  "function-missing": ["error", "This version of the library calls it."],
  "function-changed": ["error", "The functions lock, check and order what is appended. Another text may lose events."],
  "functions-of-another-edition": [
    "info",
    "Another version of the library works on this schema, or did. The last five sets of functions stay, so that it can.",
  ],
  "function-left-over": ["info", "No set of functions that is registered has it, so that nothing will remove it."],
  "index-invalid": ["warning", "A build that failed left it behind: no reader uses it, and every writer pays for it."],
  "index-unused": ["info", "Every append writes it, and no statement has used it since statistics were reset."],
  "privilege-missing": ["error", "Calls that need it fail in this role."],
  "setting-dangerous": ["warning", "It holds for every session of this role in this database, the library's too."],
  "durability-weak": ["warning", "A crash can take back what was acknowledged, or destroy the database."],
  "autovacuum-off": ["warning", "Dead rows pile up, statistics grow old, and transaction ids run out."],
  "chain-broken": ["error", "New events carry no hash, so that nobody can tell whether they were changed."],
  "mark-held": ["warning", "Readers of the whole log, consumers and projections get nothing above the mark until that transaction ends."],
  "sequence-behind": ["error", "New events would get positions below those that readers have passed, and be skipped."],
  "sequence-changed": ["error", "The mark is right only while positions are drawn one by one."],
  "history-forked": ["error", "The database lost or replaced events that this reader had seen, as after a failover or a restore."],
  "consumer-stopped": ["error", "It handles nothing until it is resumed."],
  "consumer-behind": ["warning", "What it writes or sends is that late."],
  "worker-missing": ["warning", "Nothing handles its events."],
  "lease-stuck": ["warning", "No worker takes a shard before its lease ends."],
  "dead-letters": ["warning", "These events were given up, and later events of their streams wait behind them."],
  "table-bloated": ["warning", "Reads pass over dead rows, and the table takes room for them."],
  "statistics-missing": ["warning", "The planner guesses how large a table is, and may scan it whole."],
  "wraparound-near": ["error", "PostgreSQL refuses all writes when transaction ids run out."],
  "disk-growth": ["info", "At this pace the store doubles within the time that is named."],
  "slot-holds-wal": ["warning", "The server keeps its log for a replication slot, until its disk is full."],
  "listener-deaf": ["warning", "This process hears of no commit elsewhere, and polls once a second."],
  "connections-scarce": ["warning", "When none is left, processes cannot connect."],
  "connections-overbooked": ["warning", "When all pools are full at once, the last processes cannot connect."],
  "locks-scarce": ["warning", "When the table of locks is full, every transaction of the server that wants one fails, not the library's alone."],
};

/** All codes, in the order in which they are reported within a severity. */
export const doctorCodes: readonly DoctorCode[] = Object.keys(reasons).filter((code): code is DoctorCode => code in reasons);

export function finding(code: DoctorCode, what: string, mend: string, severity?: DoctorSeverity): DoctorFinding {
  const [usual, why] = reasons[code];
  return { code, severity: severity ?? usual, what, why, mend };
}

const order: readonly DoctorSeverity[] = ["error", "warning", "info"];

/** The worst first. */
export function inOrder(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  const place = ({ severity, code }: DoctorFinding): number => order.indexOf(severity) * 100 + doctorCodes.indexOf(code);
  return findings.toSorted((a, b) => place(a) - place(b));
}
