import pg from "pg";
import { onTestFinished, vi } from "vitest";
import { ScanMember } from "../../../src/feed/scan-member.ts";
import { sums } from "./sums.ts";
import { eager } from "./worker.ts";
import { describe, eventually, expect, test } from "./world.ts";

/** Longer than anything else here takes, on any machine. */
const tookMs = 1_000_000;

/** Every page says that it took so long; tells how many have come. */
function slowPages(): { readonly came: () => number } {
  const next = ScanMember.prototype.next;
  const spy = vi.spyOn(ScanMember.prototype, "next").mockImplementation(async function (this: ScanMember) {
    return { ...(await next.call(this)), tookMs };
  });
  onTestFinished(() => spy.mockRestore());
  return { came: () => spy.mock.calls.length };
}

describe("a page that took the server long", () => {
  test.for(["Added", "Renamed"])("is rested for, in the fold as in the check, where its events are %s", async (type, { openStore, sql, schema, start }) => {
    const store = await openStore();
    for (let n = 0; n < 40; n++) await store.appendToStream("s-1", [{ type, data: { to: `d-${n}` } }]);
    await (await start([sums("sums")], { limits: eager })).worker.caughtUp();
    const pages = slowPages();
    const rests: number[] = [];
    const background = { busy: true, pageRows: 10, rest: async (since: number) => void rests.push(performance.now() - since) };
    await start([sums("sums", { version: 2 })], { limits: eager, background });
    const builds = `select state from ${pg.escapeIdentifier(schema)}.projection_builds`;
    await eventually(async () => expect((await sql.query(builds)).rows).toEqual([{ state: "ready" }]));
    expect(pages.came()).toBeGreaterThanOrEqual(2);
    expect(rests.filter((ms) => ms >= tookMs)).toHaveLength(pages.came());
  });
});
