import { describe, expect, test } from "vitest";
import { outputOf } from "./output.ts";

/** 4.1 to 4.2 times on two busy cores of a virtual machine, with 168 modules. Each room adds to it. */
const most = 5;

/**
 * The time of one import in a process of its own: on the clock, or of the processor where that is less. Other programs on
 * the machine lengthen the first, and V8's background threads the second.
 */
async function importMs(name: string): Promise<number> {
  const program = `
    const started = performance.now();
    const before = process.cpuUsage();
    import("${name}").then(() => {
      const { user, system } = process.cpuUsage(before);
      console.log(Math.min(performance.now() - started, (user + system) / 1_000));
    });
  `;
  return Number(await outputOf("--eval", program));
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
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
  test(`takes less than ${most} times what the driver alone takes`, async () => {
    const [own, driver]: [number[], number[]] = [[], []];
    // In turns: what slows the machine down slows down both.
    for (let run = 0; run < 7; run++) {
      own.push(await importMs("tidemark"));
      driver.push(await importMs("pg"));
    }
    const ratio = median(own) / median(driver);
    expect(ratio, `In milliseconds: ${own.map(Math.round).join(", ")}; the driver: ${driver.map(Math.round).join(", ")}`).toBeLessThan(most);
  });

  test("loads the built package, and none of what only some of its users need", async () => {
    const urls = await modulesLoaded();
    expect(urls.some((url) => url.endsWith("/tidemark/dist/index.js"))).toBe(true);
    const optional = /node_modules\/(@electric-sql|commander|drizzle-orm|kysely|knex|typeorm|@prisma|postgres)\//;
    expect(urls.filter((url) => optional.test(url) || url.includes("/dist/cli/"))).toEqual([]);
  });
});
