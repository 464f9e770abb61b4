import { describe, expect, test } from "vitest";
import { outputOf } from "./output.ts";

const limitMs = 100;

/**
 * The time of one import in a process of its own: on the clock, or of the processor where that is less. Other programs on
 * the machine lengthen the first, and V8's background threads the second.
 */
async function importMs(): Promise<number> {
  const program = `
    const started = performance.now();
    const before = process.cpuUsage();
    import("tidemark").then(() => {
      const { user, system } = process.cpuUsage(before);
      console.log(Math.min(performance.now() - started, (user + system) / 1_000));
    });
  `;
  return Number(await outputOf("--eval", program));
}

/** Every module that `import "tidemark"` loads, by its URL. */
async function modulesLoaded(): Promise<readonly string[]> {
  const program = `
    const urls = [];
    require("node:module").registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
    import("tidemark").then(() => console.log(JSON.stringify(urls)));
  `;
  const urls: string[] = JSON.parse(await outputOf("--eval", program));
  return urls;
}

describe('import "tidemark"', () => {
  test(`takes less than ${limitMs} ms`, async () => {
    const times: number[] = [];
    for (let run = 0; run < 5; run++) times.push(await importMs());
    const median = times.toSorted((a, b) => a - b)[2];
    expect(median, `All five, in milliseconds: ${times.map(Math.round).join(", ")}`).toBeLessThan(limitMs);
  });

  test("loads the built package, and none of what only some of its users need", async () => {
    const urls = await modulesLoaded();
    expect(urls.some((url) => url.endsWith("/tidemark/dist/index.js"))).toBe(true);
    const optional = /node_modules\/(@electric-sql|commander|drizzle-orm|kysely|knex|typeorm|@prisma|postgres)\//;
    expect(urls.filter((url) => optional.test(url) || url.includes("/dist/cli/"))).toEqual([]);
  });
});
