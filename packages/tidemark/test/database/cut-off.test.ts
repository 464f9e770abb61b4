import { startProxy, type Proxy } from "@tidemark/servers";
import type { Database } from "../../src/database/database.ts";
import { failure } from "../store/test.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { backendPid, open, sleep } from "./open.ts";

/** Has all messages of this name never arrive. Returns how many there were. */
function swallow(proxy: Proxy, name: string): () => number {
  let met = 0;
  proxy.on("frontend", (message) => {
    if (message.name !== name) return undefined;
    met++;
    return "swallow";
  });
  return () => met;
}

/** The failure of a statement that the server was asked to cancel, and did not hear of. */
async function cancelInVain(database: Database, cancelRequests: () => number): Promise<{ readonly error: Promise<unknown> }> {
  const before = cancelRequests();
  const abort = new AbortController();
  // So that it has a connection.
  await database.query(backendPid, []);
  const error = failure(() => database.query(sleep, ["60"], { signal: abort.signal }));
  await eventually(() => expect(database.metrics()).toMatchObject({ idle: 0 }));
  abort.abort(new Error("given up"));
  await eventually(() => expect(cancelRequests()).toBeGreaterThan(before));
  return { error };
}

describe.concurrent("a database that is cut off", () => {
  test("ends a statement although the server does not hear that it is to be cancelled", async ({ databaseUrl }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    const cancelRequests = swallow(proxy, "CancelRequest");
    await using control = await open(proxy.through(databaseUrl), { max: 1 });
    await using cut = await open(proxy.through(databaseUrl), { max: 1 });
    const longer = await cancelInVain(control.database, cancelRequests);
    const { error } = await cancelInVain(cut.database, cancelRequests);
    let waited = false;
    void longer.error.then(() => (waited = true));
    const behind = failure(() => cut.database.query(backendPid, []));
    cut.database.cutOff();
    expect(await behind).toMatchObject({ code: "STORE_CLOSED" });
    expect(await error).toMatchObject({ code: "CONNECTION", sent: true });
    expect(waited).toBe(false);
    expect(await failure(() => cut.database.query(backendPid, []))).toMatchObject({ code: "STORE_CLOSED" });
  });

  test("does not know what became of a commit", async ({ databaseUrl }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    // Nothing but the cut ends it.
    await using cut = await open(proxy.through(databaseUrl), { max: 1, queryTimeoutMs: 0 });
    let commits = () => 0;
    const transaction = failure(() => cut.database.transaction(async () => void (commits = swallow(proxy, "Query"))));
    await eventually(() => expect(commits()).toBe(1));
    cut.database.cutOff();
    expect(await transaction).toMatchObject({ code: "OUTCOME_UNKNOWN" });
  });

  test("closes while a connection is being made", async ({ databaseUrl }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    const greetings = swallow(proxy, "StartupMessage");
    const [control, cut] = [await open(proxy.through(databaseUrl)), await open(proxy.through(databaseUrl))];
    let waited = false;
    void failure(() => control.database.query(backendPid, [])).then(() => (waited = true));
    const connecting = failure(() => cut.database.query(backendPid, []));
    await eventually(() => expect(greetings()).toBe(2));
    const closing = cut.database.close();
    cut.database.cutOff();
    expect(await connecting).toMatchObject({ code: "STORE_CLOSED" });
    await closing;
    expect(waited).toBe(false);
    const closed = control.database.close();
    control.database.cutOff();
    await closed;
  });
});
