import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, type Ended, inside } from "./run.ts";

const test = base.extend(
  "stats",
  ({ databaseUrl, schema }) =>
    (args: readonly string[] = []): Promise<Ended> =>
      inside(["stats", "--url", databaseUrl, "--schema", schema, ...args]),
);

describe("tidemark stats", () => {
  test("shows what a store holds, with a bar for each day", async ({ store, stats }) => {
    await store.appendToStream("cart-1", [
      { type: "ItemAdded", data: {} },
      { type: "ItemAdded", data: {} },
    ]);
    await store.forTenant("acme").appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    const { code, stdout } = await stats(["--days", "2"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 events in 2 streams, [\d.]+ kB\n/);
    expect(stdout).toMatch(/^type +events +share\nItemAdded +2 +66\.7 %\nOrderPlaced +1 +33\.3 %$/m);
    expect(stdout).toMatch(/^category +events +share\ncart +2 +66\.7 %\norder +1 +33\.3 %$/m);
    expect(stdout).toMatch(/^tenant +events +share\n"" +2 +66\.7 %\nacme +1 +33\.3 %$/m);
    expect(stdout).toMatch(/^day +events\n\d{4}-\d\d-\d\d +0\n\d{4}-\d\d-\d\d +3 +█{40}$/m);
    expect(stdout).toMatch(/^stream +tenant +events\ncart-1 +2\norder-1 +acme +1$/m);
    expect(stdout).toMatch(/^events_stream_id_version_key +events +[\d.]+ kB +\d+$/m);
    expect(documentOf(await stats(["--json", "--tenant", "acme"]))).toMatchObject({
      events: { count: 1, estimated: false },
      tenants: [{ name: "acme" }],
      days: { length: 30 },
    });
    expect(await stats(["--days", "400"])).toMatchObject({ code: 2, stderr: expect.stringContaining("from 1 to 366") });
  });
});
