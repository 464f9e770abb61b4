import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { TextRow } from "../../src/database/database.ts";
import type { Log, RowPages, Wanted } from "../../src/feed/log-pages.ts";
import { rowFilter, SharedRow } from "../../src/feed/row-filter.ts";
import type { ScanMember } from "../../src/feed/scan-member.ts";
import { SharedScan } from "../../src/feed/shared-scan.ts";

/** A log of so many events, read in pages of ten, which counts them. */
class CountedLog implements Log {
  readonly rows: readonly TextRow[];
  pages = 0;
  /** Of a page, by a clock that stands still otherwise. */
  tookMs = 0;
  fails = false;

  constructor(events: number) {
    this.rows = Array.from({ length: events }, (_, n) => ({
      position: `${n + 1}`,
      id: `id-${n + 1}`,
      type: ["A", "B", "C"][n % 3] ?? "A",
      tenant: n % 5 === 0 ? "acme" : "",
      stream_name: "s-1",
      stream_number: `${n % 4}`,
      data: "{}",
      version: `${n + 1}`,
      recorded_at: "0",
      schema_version: "1",
    }));
  }

  open(after: number, until: number, wanted: Wanted): RowPages {
    const matches = rowFilter(wanted);
    let from = after;
    return {
      next: async () => {
        this.pages++;
        await new Promise((resolve) => setImmediate(resolve));
        if (this.tookMs > 0) vi.advanceTimersByTime(this.tookMs);
        if (this.fails) throw new Error("the database is gone");
        const rows = this.rows.filter((row) => Number(row["position"]) > from && Number(row["position"]) <= until && matches(new SharedRow(row))).slice(0, 10);
        from = rows.length < 10 ? until : Number(rows.at(-1)?.["position"]);
        return { rows, reached: from, last: from >= until };
      },
    };
  }

  async lastEvent(position: number): Promise<{ position: number; id: string }> {
    return { position, id: `id-${position}` };
  }

  async find(): Promise<never> {
    throw new Error("nobody looks for an event");
  }
}

const everything: Wanted = { tenant: undefined, filter: undefined, shard: undefined };

async function readAll(scan: SharedScan, after: number, until: number, wanted = everything): Promise<readonly number[]> {
  const member = scan.join({ wanted, after, until, signal: new AbortController().signal });
  const positions: number[] = [];
  try {
    for (let last = false; !last;) {
      const page = await member.next();
      for (const slice of page.slices) positions.push(...slice.map(({ position }) => position));
      ({ last } = page);
    }
  } finally {
    scan.leave(member);
  }
  return positions;
}

describe("a shared scan", () => {
  test("tells each of those who get a page its part of what that took", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const log = new CountedLog(30);
    log.tookMs = 30;
    const told: number[] = [];
    const scan = new SharedScan(log);
    const join = (until: number): ScanMember => scan.join({ wanted: everything, after: 0, until, signal: new AbortController().signal });
    const [first, ...others] = [join(30), join(10), join(10)];
    for (const member of [first, ...others, first]) told.push((await member?.next())?.tookMs ?? Number.NaN);
    // The first one's reading begins before there are others.
    expect(told).toEqual([30, 15, 15, 30]);
  });

  test("reads the log once for those who begin together", async () => {
    const log = new CountedLog(200);
    const scan = new SharedScan(log);
    const all = await Promise.all([1, 2, 3].map(() => readAll(scan, 0, 200)));
    for (const positions of all) expect(positions).toEqual(log.rows.map((_, n) => n + 1));
    expect(log.pages).toBeLessThanOrEqual(21);
  });

  test("goes on without one that steps aside, and gives that the rest when it comes back", async () => {
    const log = new CountedLog(200);
    const scan = new SharedScan(log);
    const aside = scan.join({ wanted: everything, after: 0, until: 200, signal: new AbortController().signal });
    aside.stepAside();
    expect(await readAll(scan, 0, 200)).toHaveLength(200);
    const positions: number[] = [];
    for (let last = false; !last;) {
      const page = await aside.next();
      for (const slice of page.slices) positions.push(...slice.map(({ position }) => position));
      ({ last } = page);
    }
    expect(positions).toEqual(log.rows.map((_, n) => n + 1));
  });

  test("gives each what is its own, in order and once, wherever and whenever it begins", async () => {
    const filter = fc.option(fc.constantFrom([{ types: ["A"] }], [{ types: ["B"] }, { types: ["C"] }], [{ categories: ["none"] }]), { nil: undefined });
    const reader = fc.record({
      after: fc.integer({ min: 0, max: 60 }),
      length: fc.integer({ min: 0, max: 60 }),
      waits: fc.integer({ min: 0, max: 12 }),
      wanted: fc.record({
        tenant: fc.constantFrom(undefined, "", "acme"),
        filter,
        shard: fc.constantFrom(undefined, { index: 0, of: 2 }, { index: 1, of: 2 }),
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(reader, { minLength: 1, maxLength: 5 }), async (readers) => {
        const log = new CountedLog(120);
        const scan = new SharedScan(log);
        await Promise.all(
          readers.map(async ({ after, length, waits, wanted }) => {
            for (let turn = 0; turn < waits; turn++) await new Promise((resolve) => setImmediate(resolve));
            const until = Math.min(120, after + length);
            const matches = rowFilter(wanted);
            const expected = log.rows.filter((row) => matches(new SharedRow(row))).map((row) => Number(row["position"]));
            expect(await readAll(scan, after, until, wanted)).toEqual(expected.filter((position) => position > after && position <= until));
          }),
        );
        expect(scan.idle).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("gives one that reads alone nothing else either, however much its filter names", async () => {
    const filter = Array.from({ length: 20 }, (_, n) => ({ types: ["A"], streamIds: [`s-${n}`] }));
    const log = new CountedLog(30);
    const wanted = { ...everything, filter, shard: { index: 0, of: 2 } };
    expect(await readAll(new SharedScan(log), 0, 30, wanted)).toEqual([1, 7, 13, 19, 25]);
  });

  test("keeps no more than two pages for who takes none, and the others wait", async () => {
    const log = new CountedLog(200);
    const scan = new SharedScan(log);
    const idle = scan.join({ wanted: everything, after: 0, until: 200, signal: new AbortController().signal });
    const reading = readAll(scan, 0, 200);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    // It was read its first page alone.
    expect(log.pages).toBe(3);
    scan.leave(idle);
    expect(await reading).toHaveLength(200);
  });

  test("tells everybody whose page could not be read, and ends who is told to", async () => {
    const log = new CountedLog(50);
    const scan = new SharedScan(log);
    log.fails = true;
    const failed = await Promise.allSettled([readAll(scan, 0, 50), readAll(scan, 0, 50)]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    log.fails = false;
    const ending = new AbortController();
    const member = scan.join({ wanted: everything, after: 0, until: 50, signal: ending.signal });
    const others = readAll(scan, 0, 50);
    ending.abort(new Error("enough"));
    await expect(member.next()).rejects.toThrow("enough");
    scan.leave(member);
    expect(await others).toHaveLength(50);
  });

  test("is joined only by those for whom the others wait less than they have left", () => {
    const scan = new SharedScan(new CountedLog(0));
    scan.join({ wanted: everything, after: 60, until: 100, signal: AbortSignal.abort() });
    const range = { wanted: everything, until: 100, signal: new AbortController().signal };
    expect(scan.hasRoomFor({ ...range, after: 30 })).toBe(true);
    expect(scan.hasRoomFor({ ...range, after: 10 })).toBe(false);
  });
});
