import { setTimeout as delay } from "node:timers/promises";
import type { Gate } from "../append/gate.ts";
import type { Database } from "../database/database.ts";
import { EventTooLargeError } from "../errors/appending.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { type BatchValues, encodeEvents } from "./import-batch.ts";
import type { ImportCheck } from "./import-check.ts";
import { type ImportEvent, type ImportRules, readImportEvent } from "./import-event.ts";
import { type GroupWriter, ImportWriter, type Written } from "./import-writer.ts";
import { isBad, type ReadLine } from "./ndjson.ts";
import { type BadLine, BadLineError, InterruptedError } from "./transfer-error.ts";

export interface ImportOptions extends ImportRules {
  readonly keepPositions: boolean;
  /** Finds lines that the application could not read. Undefined: none is looked for. */
  readonly check?: ImportCheck | undefined;
  /** What to do about a line that cannot be taken. */
  readonly onBadLine: "stop" | "skip";
  /** Told of each bad line, in the order of the file, before anything after it counts as done. */
  readonly badLine: (bad: BadLine) => Promise<void>;
  /** Called after each group that was committed. */
  readonly progress: (report: ImportReport) => void;
  /** Ends the import after the group under way. */
  readonly signal: AbortSignal;
  /** What is known of the projections that appends have to write. */
  readonly gate: Gate;
  /** Called before the first group is written: nothing needs to be there for a file whose first line is bad. */
  readonly prepare?: () => Promise<void>;
  /** Takes the groups in place of the log: nothing is written. */
  readonly dryRun?: GroupWriter | undefined;
  /** For tests. */
  readonly groups?: GroupLimits;
}

export interface ImportReport {
  /** Events written by this run. */
  readonly written: number;
  /** Events that were there already, of an earlier run or twice in the file. */
  readonly repeated: number;
  readonly bad: number;
  /** Events whose version is another one than in the file. */
  readonly renumbered: number;
  /** Whether a line of the file has a position, which the event does not keep. */
  readonly repositioned: boolean;
  /** Of the last event written; undefined where none was. */
  readonly lastPosition: number | undefined;
}

interface GroupLimits {
  readonly events: number;
  /** UTF-16 units of data and metadata. */
  readonly size: number;
}

/** Larger groups gain little: the round trip and the commit are shared by thousands already. */
const defaultLimits: GroupLimits = { events: 4_000, size: 2 * 1024 * 1024 };

/** Lines of the file, as many as one transaction takes. */
class Group {
  readonly events: ImportEvent[] = [];
  readonly bad: BadLine[] = [];
  /** Lines that say the same as one before them, and share its fate. */
  readonly copies: { readonly line: number; readonly text: string; readonly of: number }[] = [];
  size = 0;
  readonly #byId = new Map<string, ImportEvent>();

  /** False: another event of this id is in the group, and whether this is the same one only the database can tell. */
  add(event: ImportEvent): boolean {
    const key = event.tenant === "" ? event.id : `${event.tenant}\x00${event.id}`;
    const other = this.#byId.get(key);
    if (other !== undefined) {
      const { streamId, type, data, tags } = event;
      if (other.streamId !== streamId || other.type !== type || other.data !== data || other.tags !== tags) return false;
      this.copies.push({ line: event.line, text: event.text, of: other.line });
      return true;
    }
    this.#byId.set(key, event);
    this.events.push(event);
    this.size += event.data.length + event.metadata.length;
    return true;
  }
}

/**
 * Writes the events of a file, in its order, in groups of a few thousand, each a transaction. The next group is read and
 * checked while one is written. The same import can be run again after it was cut short anywhere: what is there is passed over.
 *
 * @throws {@link BadLineError} — a line cannot be taken, and `onBadLine` is `"stop"`, or nothing behind it can be read. Everything before
 * it is written.
 * @throws {@link InterruptedError} — `signal` was aborted. The group under way is written.
 * @throws {@link PositionsTakenError} — positions cannot be kept here.
 */
export async function importEvents(
  database: Database,
  schema: string,
  lines: AsyncIterable<readonly ReadLine[]>,
  options: ImportOptions,
): Promise<ImportReport> {
  const { onBadLine, signal, groups: limits = defaultLimits } = options;
  const stops = onBadLine === "stop";
  const writer = options.dryRun ?? new ImportWriter(database, schema, { keepPositions: options.keepPositions, stopAtBad: stops, gate: options.gate, signal });
  const report = { written: 0, repeated: 0, bad: 0, renumbered: 0, repositioned: false, lastPosition: undefined as number | undefined };
  let underWay: Promise<void> = Promise.resolve();
  let lastPosition = 0;
  let group = new Group();

  let prepared: Promise<void> | undefined;
  async function finish({ events, bad, copies }: Group, encoded: BatchValues): Promise<void> {
    if (events.length > 0) await (prepared ??= options.prepare?.());
    const done: Written = events.length === 0 ? { written: 0, repeated: 0, renumbered: 0, bad: [], last: undefined } : await writer.write(events, encoded);
    report.written += done.written;
    const refused = new Map(done.bad.map(({ line, reason }) => [line, reason]));
    const badCopies = copies.flatMap(({ line, text, of }) => {
      const reason = refused.get(of);
      return reason === undefined ? [] : [{ line, reason, text }];
    });
    report.repeated += done.repeated + copies.length - badCopies.length;
    report.renumbered += done.renumbered;
    report.lastPosition = done.last ?? report.lastPosition;
    const all: readonly BadLine[] = [...bad, ...done.bad, ...badCopies].sort((a, b) => a.line - b.line);
    for (const line of all) {
      report.bad++;
      await options.badLine(line);
    }
    options.progress(report);
    const last = stops ? all[0] : all.find(({ ends }) => ends);
    if (last !== undefined) throw new BadLineError(last, told(report, options));
  }
  /** Waits for the group before, then sends this one. */
  async function send(): Promise<void> {
    const encoded = encodeEvents(group.events);
    await underWay;
    if (signal.aborted) return;
    underWay = finish(group, encoded);
    // Heard where it is awaited; until then a failure must not count as unhandled.
    underWay.catch(() => {});
    group = new Group();
    // Its message is larger than what the system takes at once. The rest leaves in turns of the event loop, which reading and
    // checking the next lines would keep, and the server would wait.
    await delay(2);
  }
  function take(line: ReadLine): ImportEvent | BadLine {
    if (isBad(line)) return line;
    try {
      const event = readImportEvent(line, options);
      if (options.keepPositions) lastPosition = checkPosition(event, lastPosition);
      else report.repositioned ||= event.position !== undefined;
      return event;
    } catch (error) {
      if (error instanceof InvalidArgumentError || error instanceof EventTooLargeError) return { line: line.line, reason: error.message, text: line.text };
      throw error;
    }
  }

  try {
    reading: for await (const some of lines) {
      for (const line of some) {
        const event = options.check ? await checked(take(line), options.check) : take(line);
        if ("reason" in event) {
          group.bad.push(event);
          if (stops || event.ends) break reading;
          continue;
        }
        if (!group.add(event)) {
          await send();
          group.add(event);
        }
        if (group.events.length >= limits.events || group.size >= limits.size) await send();
      }
      if (signal.aborted) break;
    }
    await send();
    await underWay;
  } catch (error) {
    // A source that was closed for the sake of the signal may say so by failing.
    if (!signal.aborted || error instanceof BadLineError) throw await settled(underWay, error);
  }
  await underWay;
  if (signal.aborted) throw new InterruptedError(`Stopped. ${told(report, options)} Run the same command again${options.dryRun ? "" : " to continue"}.`);
  return report;
}

async function checked(event: ImportEvent | BadLine, check: ImportCheck): Promise<ImportEvent | BadLine> {
  if ("reason" in event) return event;
  const reason = await check(event);
  return reason === undefined ? event : { line: event.line, reason, text: event.text };
}

/** The failure of the group under way came first, where there is one. */
async function settled(underWay: Promise<void>, error: unknown): Promise<unknown> {
  try {
    await underWay;
    return error;
  } catch (earlier) {
    return earlier;
  }
}

function checkPosition({ position }: ImportEvent, last: number): number {
  if (position === undefined) throw new InvalidArgumentError("position", "is missing, and --keep-positions needs one on every line");
  if (position <= last) throw new InvalidArgumentError("position", `is ${position}, after ${last}; positions rise through the file`);
  return position;
}

function told({ written, repeated }: ImportReport, { dryRun }: Pick<ImportOptions, "dryRun">): string {
  if (dryRun) return "Nothing was written.";
  const before = repeated > 0 ? ` and ${repeated} ${repeated === 1 ? "was" : "were"} there already` : "";
  return `${written} ${written === 1 ? "event was" : "events were"} written${before}.`;
}
