import type { Place, RowPages } from "./log-pages.ts";
import type { Mark } from "./mark.ts";
import { SharedRow } from "./row-filter.ts";
import { type Membership, type Portion, sizeOf, TailMember } from "./tail-member.ts";

/** Bytes of events as text. Tests make them tiny. */
export interface TailLimits {
  /** What a member may have waiting. Who is further behind than that reads on its own, and holds nothing for others meanwhile. */
  readonly waiting: number;
  /** What is remembered, so that who has caught up and comes a moment later than the others still joins them. */
  readonly remembered: number;
}

const defaultLimits: TailLimits = { waiting: 1024 * 1024, remembered: 1024 * 1024 };

/** What the tail reads from. */
export interface TailSource {
  mark(signal: AbortSignal): Promise<Mark>;
  /** Everything above `after` up to `until`, of all tenants. */
  pages(after: number, until: number, signal: AbortSignal): RowPages;
  /** Waits until it is time to look again; `found` says whether the last look brought anything. */
  wait(found: boolean, signal: AbortSignal): Promise<void>;
  /** Waits out what passes, and throws what does not. */
  failed(error: unknown, signal: AbortSignal): Promise<void>;
  succeeded(): void;
}

/**
 * The end of the log, read once for all followers of the process that have caught up.
 *
 *   follower → catches up alone ──────→ joins ──→ live
 *                     ↑                            │ has not kept up, or `until` is near
 *                     └────────────────────────────┘
 *
 * The tail stands at `end`: all above it, up to the next mark, goes to every member. It remembers its last portions, so that
 * a reader that has had everything up to some place among them can join and get the rest. So nothing is missed or had twice
 * between the two ways of reading: both go by positions, and neither passes a mark. It runs while it has members.
 */
export class Tail {
  readonly #source: TailSource;
  readonly #limits: TailLimits;
  readonly #members = new Set<TailMember>();
  #end: Mark = { position: 0, id: null, history: 0 };
  #remembered: (Portion & { readonly bytes: number })[] = [];
  /** What is remembered follows on this place. */
  #rememberedAfter = 0;
  #running: AbortController | undefined;

  constructor(source: TailSource, limits: TailLimits = defaultLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /**
   * For a follower that has had everything up to `membership.after`, which is `mark` or above it. Undefined where the tail
   * is further than it remembers: catch up to a new mark first.
   */
  join(membership: Membership, mark: Mark): TailMember | undefined {
    // The tail has yet to notice, and until then no follower could join.
    if (this.#running && mark.history !== this.#end.history) this.#dismiss();
    if (!this.#running) this.#start(mark);
    if (membership.after.position < this.#rememberedAfter) return undefined;
    const member = new TailMember(membership, this.#limits.waiting);
    for (const portion of this.#remembered) member.offer(portion);
    this.#members.add(member);
    return member;
  }

  /** A member that will not be asked again. */
  part(member: TailMember): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#stop();
  }

  #start(mark: Mark): void {
    const running = new AbortController();
    this.#running = running;
    this.#end = mark;
    this.#rememberedAfter = mark.position;
    void this.#run(running.signal);
  }

  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#remembered = [];
  }

  async #run(signal: AbortSignal): Promise<void> {
    let found = true;
    while (!signal.aborted) {
      try {
        await this.#source.wait(found, signal);
        found = await this.#look(signal);
        this.#source.succeeded();
      } catch (error) {
        if (signal.aborted) return;
        try {
          await this.#source.failed(error, signal);
        } catch (final) {
          if (!signal.aborted) this.#dismiss({ error: final });
        }
      }
    }
  }

  /** Reads up to the mark as it is now. True: there was something. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const mark = await this.#source.mark(signal);
    if (signal.aborted) return false;
    if (mark.history !== this.#end.history) return this.#dismiss();
    const before = this.#end.position;
    if (mark.position <= before) return false;
    const pages = this.#source.pages(before, mark.position, signal);
    for (let last = false; !last;) {
      const page = await pages.next();
      ({ last } = page);
      const row = page.rows.at(-1);
      // Where the page ends with the mark's own event, it is of the log that the mark is of.
      const { history } = row?.["id"] === mark.id ? mark : await this.#source.mark(signal);
      if (signal.aborted) return false;
      if (history !== mark.history) return this.#dismiss();
      const rows = page.rows.map((each) => new SharedRow(each));
      const anchor: Place = last || !row ? { position: mark.position, id: mark.id } : { position: rows.at(-1)?.position ?? 0, id: row["id"] ?? null };
      if (last || row) this.#handOut({ rows, anchor, mark: mark.position }, mark.history);
    }
    return true;
  }

  #handOut(portion: Portion, history: number): void {
    this.#end = { position: portion.anchor.position, id: portion.anchor.id, history };
    for (const member of this.#members) member.offer(portion);
    this.#remembered.push({ ...portion, bytes: portion.rows.reduce((sum, row) => sum + sizeOf(row), 0) });
    let bytes = this.#remembered.reduce((sum, remembered) => sum + remembered.bytes, 0);
    while (bytes > this.#limits.remembered || this.#remembered.length > 100) {
      const oldest = this.#remembered.shift();
      bytes -= oldest?.bytes ?? 0;
      this.#rememberedAfter = oldest?.anchor.position ?? this.#end.position;
    }
    this.#members.forEach((member) => member.left && this.#members.delete(member));
    if (this.#members.size === 0) this.#stop();
  }

  /** The history changed, or reading failed for good: each follower finds out on its own what that means for it. */
  #dismiss(failure?: { readonly error: unknown }): false {
    for (const member of this.#members) member.leave(failure);
    this.#members.clear();
    this.#stop();
    return false;
  }
}
