import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TextRow } from "../../src/database/database.ts";
import { type Range, RangePages } from "../../src/read/range-pages.ts";

const limits = { firstRows: 2, maxRows: 8, bytes: 1_000_000, largeEvents: 32 };

interface Reading {
  readonly pages: RangePages<number>;
  /** The ranges that were asked for. */
  readonly asked: Range[];
  /** How many statements ran at once, at most. */
  readonly most: () => number;
}

/** Reads the events at these positions up to `until`, each page once `turn` has come. */
function read(positions: readonly number[], until: number, { ahead = () => true, turn = async () => {}, full = () => false }: Partial<Given> = {}): Reading {
  const asked: Range[] = [];
  let [running, most] = [0, 0];
  const pages = new RangePages<number>({
    backward: false,
    limit: Number.POSITIVE_INFINITY,
    signal: undefined,
    windowed: true,
    limits,
    ahead,
    bounds: () => ({ after: 0, until }),
    fetch: async (range, rows) => {
      asked.push(range);
      most = Math.max(most, ++running);
      await turn();
      running--;
      const found = positions.filter((position) => position > range.after && position <= range.until).slice(0, rows);
      // A page that ends early, with a large event.
      const end = found.findIndex((position) => full(position));
      return (end === -1 ? found : found.slice(0, end + 1)).map((position) => rowOf(position, full(position)));
    },
    skipGap: async (rest) => ({ after: (positions.find((position) => position > rest.after) ?? rest.until + 1) - 1, until: rest.until }),
    decode: (row, into) => void into.push(Number(row["position"])),
    key: (row) => Number(row["position"]),
  });
  return { pages, asked, most: () => most };
}

interface Given {
  readonly ahead: () => boolean;
  readonly turn: () => Promise<void>;
  readonly full: (position: number) => boolean;
}

function rowOf(position: number, full: boolean): TextRow {
  return { position: `${position}`, data: "{}", metadata: null, full: full ? "" : null };
}

async function all({ pages }: Reading): Promise<readonly number[]> {
  const read: number[] = [];
  for (let last = false; !last;) {
    const page = await pages.next();
    const before = read.at(-1) ?? 0;
    read.push(...page.decode().items);
    // All up to there has come, and nothing from behind it.
    expect(pages.reached).toBeGreaterThanOrEqual(Math.max(before, read.at(-1) ?? 0));
    ({ last } = page);
  }
  return read;
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

describe("pages that are asked for ahead", () => {
  test("are on their way two at a time, from the second one on, and each begins where the one before ends", async () => {
    const reading = read(upTo(40), 40);
    expect(await all(reading)).toEqual(upTo(40));
    expect(reading.most()).toBe(2);
    expect(reading.asked.map(({ after }) => after)).toEqual([0, 2, 10, 18, 26, 34]);
  });

  test("are one at a time where that is not allowed, and again from when it is allowed no more", async () => {
    const never = read(upTo(40), 40, { ahead: () => false });
    expect(await all(never)).toEqual(upTo(40));
    expect(never.most()).toBe(1);

    let allowed = true;
    const reading = read(upTo(40), 40, { ahead: () => allowed });
    const first: number[] = [];
    for (let page = 0; page < 3; page++) first.push(...(await reading.pages.next()).decode().items);
    allowed = false;
    const before = reading.asked.length;
    const rest = await all(reading);
    expect([...first, ...rest]).toEqual(upTo(40));
    // One was on its way.
    expect(reading.asked.slice(before).map(({ after }) => after)).toEqual([26, 34]);
  });

  test("give every event once and in order, whatever gaps and large events the log has", async () => {
    const gaps = fc.array(fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 60_000 })), {
      maxLength: 120,
    });
    await fc.assert(
      fc.asyncProperty(gaps, fc.nat(50), fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }), fc.nat(9), async (steps, more, allowed, large) => {
        let at = 0;
        const positions = steps.map((step) => (at += step));
        let asked = 0;
        const reading = read(positions, at + more, {
          ahead: () => allowed[asked++ % allowed.length] ?? true,
          full: (position) => position % 10 < large && position % 3 === 0,
        });
        expect(await all(reading)).toEqual(positions);
        expect(reading.most()).toBeLessThanOrEqual(2);
      }),
      { numRuns: 300 },
    );
  });

  test("fail where they are read, not before, and leave no rejection behind", async () => {
    let turns = 0;
    const reading = read(upTo(40), 40, {
      turn: async () => {
        if (++turns === 4) throw new Error("the database is gone");
      },
    });
    const items: number[] = [];
    for (let page = 0; page < 3; page++) items.push(...(await reading.pages.next()).decode().items);
    expect(items).toEqual(upTo(18));
    await expect(reading.pages.next()).rejects.toThrow("the database is gone");
  });
});
