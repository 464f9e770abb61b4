import { Signal } from "../async/signal.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import type { Log, PagePace, RowPages, Wanted } from "./log-pages.ts";
import { SharedRow } from "./row-filter.ts";
import { ScanMember, type ScanRange } from "./scan-member.ts";

/** More alternatives than this make one statement slower than reading what they leave out. */
const mostAlternatives = 16;

interface Open {
  readonly members: readonly ScanMember[];
  readonly bound: number;
  readonly pages: RowPages;
}

/**
 * Reads the log once for several who want all of it, such as projections that are built at the same time. Each gets what is its own, in
 * order, from where it began: the member furthest behind is read for first, until the others are met, and then all get each page together.
 * The slowest holds the others up, so that at most two pages wait for a member. One that stands still steps aside, and is furthest behind when it
 * comes back.
 */
export class SharedScan {
  readonly #log: Log;
  readonly #pace: PagePace | undefined;
  readonly #members = new Set<ScanMember>();
  readonly #changed = new Signal();
  #running = false;

  constructor(log: Log, pace?: PagePace) {
    this.#log = log;
    this.#pace = pace;
  }

  get idle(): boolean {
    return this.#members.size === 0;
  }

  /** Whether one that begins there costs those who are here less than they have before them: they wait for it. */
  hasRoomFor({ after, until }: ScanRange): boolean {
    const positions = Array.from(this.#members, ({ position }) => position);
    const ahead = Math.max(...positions) - after;
    return ahead <= until - Math.max(...positions) && after <= until;
  }

  join(range: ScanRange): ScanMember {
    const member = new ScanMember(range, () => this.#changed.raise());
    this.#members.add(member);
    this.#changed.raise();
    if (!this.#running) void this.#run();
    return member;
  }

  leave(member: ScanMember): void {
    this.#members.delete(member);
    this.#changed.raise();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let open: Open | undefined; this.#members.size > 0;) {
      open = this.#next(open);
      if (!open) {
        await this.#changed.wait();
        continue;
      }
      try {
        await this.#read(open);
      } catch (error) {
        for (const member of open.members) member.fail(error);
        open = undefined;
      }
    }
    this.#running = false;
  }

  /** What to read now. Undefined: nothing, until a member comes, leaves, or takes a page. */
  #next(open: Open | undefined): Open | undefined {
    const reading = [...this.#members].filter(({ over, aside }) => !over && !aside);
    const from = Math.min(...reading.map(({ position }) => position));
    const members = reading.filter(({ position }) => position === from);
    if (members.length === 0 || members.some(({ full }) => full)) return undefined;
    const met = reading.filter(({ position }) => position > from).map(({ position }) => position);
    const bound = Math.min(...members.map(({ range }) => range.until), ...met);
    if (open && open.bound === bound && open.members.length === members.length && members.every((member) => open.members.includes(member))) return open;
    return { members, bound, pages: this.#log.open(from, bound, union(members.map(({ range }) => range.wanted)), signalOf(members), this.#pace) };
  }

  async #read({ members, pages }: Open): Promise<void> {
    const askedAt = performance.now();
    const { rows, reached } = await pages.next();
    const tookMs = (performance.now() - askedAt) / members.length;
    const [only, ...others] = members;
    if (only && others.length === 0) return only.deliver(rows, reached, tookMs);
    const shared = rows.map((row) => new SharedRow(row));
    for (const member of members) member.deliverOwn(shared, reached, tookMs);
  }
}

/** Ends a read that no member waits for any more. */
function signalOf(members: readonly ScanMember[]): AbortSignal {
  const [only, ...others] = members;
  return only && others.length === 0 ? only.range.signal : new AbortController().signal;
}

/** Everything that one of them wants, and perhaps more. */
function union(all: readonly Wanted[]): Wanted {
  const [first, ...others] = all;
  if (first && others.length === 0) return first;
  const tenant = all.every((wanted) => wanted.tenant === first?.tenant) ? first?.tenant : undefined;
  const filters = all.map(({ filter }) => filter);
  const items = filters.every((filter) => filter !== undefined) ? alternatives(filters.flat()) : undefined;
  return { tenant, filter: items && items.length <= mostAlternatives ? items : undefined, shard: undefined };
}

/** Those that name types alone are one. */
function alternatives(items: readonly ValidQueryItem[]): readonly ValidQueryItem[] {
  const types = new Set<string>();
  const others: ValidQueryItem[] = [];
  for (const item of items) {
    const { types: named, ...rest } = item;
    if (named && Object.values(rest).every((value) => value === undefined)) for (const type of named) types.add(type);
    else others.push(item);
  }
  return types.size > 0 ? [...others, { types: [...types] }] : others;
}
