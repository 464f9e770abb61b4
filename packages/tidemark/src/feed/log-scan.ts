import { HistoryChanged } from "./catch-up.ts";
import type { Anchor } from "./follow.ts";
import { checkAnchor } from "./check-anchor.ts";
import type { Log, PagePace, Wanted } from "./log-pages.ts";
import type { Mark, Marks } from "./mark.ts";
import type { ScanMember, ScanPage } from "./scan-member.ts";
import { SharedScan } from "./shared-scan.ts";

export interface ScanOptions {
  /** For `HistoryForkedError`. */
  readonly reader: string;
  readonly wanted: Wanted;
  /** Checked: the event must still be there. */
  readonly after: Anchor;
  /** Where it ends, if that is below the high-water mark. */
  readonly until?: number;
  /** It reads by itself: it need not be awaited. */
  readonly alone: boolean;
  readonly signal: AbortSignal;
}

/** A reading of the log from an anchor up to the high-water mark of its beginning, or an earlier end. */
export interface LogScan {
  /** Where it ends. */
  readonly until: number;
  /** Rejects as the read does, or with the signal's reason. Not after the last page. */
  next(): Promise<ScanPage>;
  /** Lets the others go on that read with it, until it asks for its next page: call it before it stands still. */
  stepAside(): void;
  /**
   * What a follower may keep that has had everything up to there.
   *
   * @throws {@link HistoryChanged} — the database is another one than the scan began with: what was read may have gaps.
   */
  anchorAt(position: number): Promise<Anchor>;
  /** Call it in the end: the others wait for who stays. */
  close(): void;
}

/** Reads the log for those who begin at about the same place together, and for each of the others alone. */
export class LogScans {
  readonly #log: Log;
  readonly #marks: Marks;
  readonly #pace: PagePace;
  readonly #shared = new Set<SharedScan>();

  constructor(log: Log, marks: Marks, pace: PagePace) {
    this.#log = log;
    this.#marks = marks;
    this.#pace = pace;
  }

  /** @throws {@link HistoryForkedError} — the event of `after` is gone. */
  async open({ reader, wanted, after, until = Number.POSITIVE_INFINITY, alone, signal }: ScanOptions): Promise<LogScan> {
    const mark = await this.#marks.read(signal);
    await checkAnchor(this.#log, reader, after, signal);
    const range = { wanted, after: after.position, until: Math.min(mark.position, until), signal };
    const joined = alone ? undefined : [...this.#shared].find((candidate) => candidate.hasRoomFor(range));
    const scan = joined ?? new SharedScan(this.#log, this.#pace);
    if (!alone) this.#shared.add(scan);
    const member = scan.join(range);
    return {
      until: range.until,
      next: () => member.next(),
      stepAside: () => member.stepAside(),
      anchorAt: (position) => this.#anchorAt(position, mark, signal),
      close: () => this.#close(scan, member),
    };
  }

  async #anchorAt(position: number, mark: Mark, signal: AbortSignal): Promise<Anchor> {
    const anchor = position === mark.position ? { position, id: mark.id } : await this.#log.lastEvent(position, signal);
    const { history } = await this.#marks.read(signal);
    if (history !== mark.history) throw new HistoryChanged("the database was replaced while its log was read");
    return anchor;
  }

  #close(scan: SharedScan, member: ScanMember): void {
    scan.leave(member);
    if (scan.idle) this.#shared.delete(scan);
  }
}
