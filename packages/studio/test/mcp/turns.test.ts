import { mcpHandler } from "@tidemark/studio/mcp";
import { studio } from "@tidemark/studio";
import { vi } from "vitest";
import { eventually, expect, test } from "../../../tidemark/test/support/test.ts";
import { get, waitingForLocks } from "../support.ts";
import { connected } from "./client.ts";

test("models and pages that hang read four at once together, and leave connections to those who append", async ({ openStore, schema, sql, onTestFinished }) => {
  // However slow the machine is, none of them ends before it is let go.
  const endless = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);
  onTestFinished(() => endless.mockRestore());
  const store = await openStore({ pool: { queryTimeoutMs: 600_000, connectionTimeoutMs: 600_000 } });
  const panel = studio(store, { schema });
  const client = await connected(await mcpHandler(store, { schema }), "auto");
  const locker = await sql.connect();
  await locker.query("begin");
  await locker.query(`lock table "${schema.replaceAll('"', '""')}".timers in access exclusive mode`);
  try {
    const asked = Array.from({ length: 20 }, () => client.callTool({ name: "list_timers", arguments: {} }, { timeout: 600_000 }));
    await eventually(async () => expect(await waitingForLocks(sql)).toBe(4));
    const looked = Array.from({ length: 20 }, () => get(panel, "/api/timers"));
    for (let n = 0; n < 20; n++) await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { n } }]);
    expect(await waitingForLocks(sql)).toBe(4);
    await locker.query("rollback");
    expect((await Promise.all(asked)).map(({ isError }) => isError === true)).toEqual(asked.map(() => false));
    expect((await Promise.all(looked)).map(({ status }) => status)).toEqual(looked.map(() => 200));
  } finally {
    await locker.query("rollback");
    locker.release();
  }
  await client.close();
});
