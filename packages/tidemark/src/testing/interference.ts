import { defaultStreamFor } from "../append/default-stream.ts";
import type { StreamAppend } from "../append/types.ts";
import { newId } from "../arguments/uuid.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { OutcomeUnknownError } from "../errors/appending.ts";
import type { NewEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import type { StatementFault } from "./faulty-pglite.ts";

/**
 * An append that loses: its number, from 1, or that and what the other writer appends before it.
 *
 * @example
 * ```ts
 * const conflict: PlannedConflict = { append: 1, events: [{ type: "ItemAdded", data: { sku: "mug" } }] };
 * ```
 */
export type PlannedConflict = number | { readonly append: number; readonly events: readonly NewEvent[] };

/**
 * A fault at one append.
 *
 * @example
 * ```ts
 * const fault: PlannedFault = { append: 1, kind: "unknown" };
 * ```
 */
export interface PlannedFault {
  /** The number of the append, from 1. */
  readonly append: number;
  readonly kind: StatementFault | "unknown";
}

/** Where faults of the connection are planned. */
export interface FaultyConnection {
  arm(fault: StatementFault): void;
  disarm(): boolean;
}

interface ConflictPlan {
  readonly append: number;
  /** @defaultValue a copy of the first event that was to be appended */
  readonly events?: readonly NewEvent[];
}

interface Planned {
  readonly number: number;
  readonly conflict: ConflictPlan | undefined;
  readonly fault: PlannedFault | undefined;
  readonly conditional: boolean;
}

/** What happens to which append. Counts the appends of one test store, its tenants and its transactions. */
export class Interference {
  readonly #conflicts: readonly ConflictPlan[];
  readonly #faults: readonly PlannedFault[];
  readonly #connection: FaultyConnection | undefined;
  readonly #came = new Set<ConflictPlan | PlannedFault>();
  #appends = 0;

  constructor(plan: {
    readonly conflicts: readonly PlannedConflict[];
    readonly faults: readonly PlannedFault[];
    readonly connection: FaultyConnection | undefined;
  }) {
    // Objects, so that two plans for one append are told apart.
    this.#conflicts = plan.conflicts.map((planned) => (typeof planned === "number" ? { append: planned } : planned));
    this.#faults = plan.faults;
    this.#connection = plan.connection;
  }

  /** What was planned and never came, and how many appends there were: a test that planned it has not tested it. */
  get missed(): string | undefined {
    const missed = [
      ...this.#conflicts.filter((planned) => !this.#came.has(planned)).map(({ append }) => `the conflict of append ${append}`),
      ...this.#faults.filter((planned) => !this.#came.has(planned)).map(({ append, kind }) => `the fault "${kind}" of append ${append}`),
    ];
    if (missed.length === 0) return undefined;
    const made = this.#appends === 1 ? "1 append was made" : `${this.#appends} appends were made`;
    return `The test planned ${missed.join(" and ")}, which never came: ${made}, and what is planned for one that did not reach the database does not come either.`;
  }

  /**
   * Runs an append, and what is planned for it. Without a plan it goes out at once, so that appends keep their order.
   *
   * @param conditional - It has a condition, on which it can lose.
   */
  append<T>(target: EventReaderWriter, parts: readonly StreamAppend[], run: (parts: readonly StreamAppend[]) => Promise<T>, conditional = false): Promise<T> {
    const number = ++this.#appends;
    const conflict = this.#conflicts.find(({ append }) => append === number);
    const fault = this.#faults.find(({ append }) => append === number);
    if (conflict === undefined && fault === undefined) return run(parts);
    return this.#interfere(target, parts, run, { number, conflict, fault, conditional });
  }

  async #interfere<T>(
    target: EventReaderWriter,
    parts: readonly StreamAppend[],
    run: (parts: readonly StreamAppend[]) => Promise<T>,
    { number, conflict, fault, conditional }: Planned,
  ): Promise<T> {
    if (conflict !== undefined) {
      this.#came.add(conflict);
      await comeBetween(target, parts, conflict, { number, conditional });
    }
    if (fault === undefined) return await run(parts);
    if (fault.kind !== "unknown") {
      this.#connection?.arm(fault.kind);
      try {
        return await run(parts);
      } finally {
        // One that was refused before it was sent leaves the fault, which is not the next one's.
        if (this.#connection?.disarm() === false) this.#came.add(fault);
      }
    }
    const identified = parts.map((part) => ({ ...part, events: part.events.map((event) => ({ ...event, id: event.id ?? newId() })) }));
    await run(identified);
    this.#came.add(fault);
    throw new OutcomeUnknownError(
      `Whether append ${number} was committed is unknown, as the test planned. Append the same events again with the ids in eventIds; what is there already is not written twice.`,
      identified.flatMap(({ events }) => events.map(({ id }) => id)),
    );
  }
}

/** Appends, as another writer, to a stream that the append has an expectation of, or something that its condition may be about. */
async function comeBetween(
  target: EventReaderWriter,
  parts: readonly StreamAppend[],
  { events }: ConflictPlan,
  { number, conditional }: Pick<Planned, "number" | "conditional">,
): Promise<void> {
  const expecting = parts.find(({ expectedVersion = "any" }) => expectedVersion !== "any" && expectedVersion !== "stream-exists");
  const losing = expecting ?? (conditional ? parts[0] : undefined);
  if (!losing) {
    throw new InvalidArgumentError(
      "options.conflicts",
      `names append ${number}, which has no condition and expects no version that another append could change, so it cannot lose`,
    );
  }
  await target.appendToStream(losing.streamId, events ?? doubleOf([losing, ...parts]));
}

/** The first event that was to be appended, as if the same request had come twice: its type is one that the stream's readers know. */
function doubleOf(parts: readonly StreamAppend[]): readonly NewEvent[] {
  const event = parts.flatMap(({ events }) => events)[0];
  if (!event) throw new InvalidArgumentError("options.conflicts", "names an append without events; say what the other writer appends: { append, events }");
  const { id: _id, ...double } = event;
  return [double];
}

/** The stream that `append` writes to, in the form of the other appends. */
export function partOfAppend(events: readonly NewEvent[], streamId: string | undefined): StreamAppend {
  return { streamId: streamId ?? defaultStreamFor(events), events };
}
