import { type ConsumerInfo, defineConsumer } from "tidemark";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside, type InsideOptions } from "./run.ts";

const test = base.extend("consumers", async ({ openStore, databaseUrl, schema }) => {
  const store = await openStore();
  for (let n = 1; n <= 3; n++) await store.appendToStream("cart-1", [{ type: "Noted", data: { n } }]);
  await store.appendToStream("order-1", [{ type: "Noted", data: { n: 4 } }]);
  const worker = store.createWorker({
    consumers: [
      defineConsumer({ name: "audit", filter: { categories: ["order"] }, handle: () => {} }),
      defineConsumer({
        name: "mailer",
        shards: 2,
        retry: { attempts: 1 },
        onFailure: "stop",
        handle({ position }) {
          if (position === 2) throw new Error("no mail\u001b[2J via smtp://joe:secret@mail");
        },
      }),
    ],
    leaseMs: 3_000,
    onError: () => {},
  });
  await worker.start();
  const failed = (): Promise<void> => eventually(async () => expect(await store.consumers.get("mailer")).toMatchObject({ state: "failed" }));
  await failed();
  // Its other shard goes on.
  await eventually(async () => expect((await store.consumers.get("mailer")).shards.map(({ position }) => position)).toEqual(expect.arrayContaining([1, 4])));
  await eventually(async () => expect(await store.consumers.get("audit")).toMatchObject({ state: "live", lag: { events: 0 } }));
  const command = (args: readonly string[], options?: InsideOptions): Promise<Ended> =>
    inside(["consumers", ...args, "--schema", schema], { ...options, env: { DATABASE_URL: databaseUrl } });
  return { command, failed, store, stop: () => worker.stop() };
});

describe("tidemark consumers", () => {
  test("lists consumers with their state, how far they are behind, and what they fail at", async ({ consumers: { command } }) => {
    const { code, stdout, stderr } = await command(["list"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [head, audit, mailer, ...rest] = stdout.split("\n");
    expect(head).toMatch(/^consumer +state +events behind +seconds behind +shards +workers +dead letters +last error$/);
    expect(audit).toMatch(/^audit +live +0 +0 +1 +1 +0$/);
    // What a terminal would act on is escaped, and the password of an address is not shown.
    expect(mailer).toMatch(/^mailer +failed +3 +\d+ +2 +1 +0 +event 2 of "cart-1", attempt 1: no mail\\u001b\[2J via smtp:\/\/…@mail$/);
    expect(rest).toEqual([""]);
  });

  test("lists them as documents, one a line", async ({ consumers: { command } }) => {
    expect(documentsOf(await command(["list", "--json"]))).toMatchObject([
      { name: "audit", state: "live", filter: { categories: ["order"] }, shards: [{ shard: 0, position: 4 }] },
      { name: "mailer", state: "failed", lag: { events: 3 }, shards: [{}, {}] },
    ]);
  });

  test("pauses one with a reason and a name, which list and show print, and deletes one when told to", async ({ consumers: { command, store, stop } }) => {
    expect((await command(["pause", "audit", "--reason", "new rules", "--by", "ada"])).code).toBe(0);
    expect((await command(["list"])).stdout).toMatch(/^audit +\S+ \(paused by ada: new rules\) /m);
    expect((await command(["show", "audit"])).stdout).toMatch(/^paused +since \S+Z, by ada: new rules$/m);
    expect(documentOf(await command(["show", "audit", "--json"]))).toMatchObject({ pause: { by: "ada", reason: "new rules" } });
    await stop();
    const asked = await command(["delete", "audit"]);
    expect(asked).toMatchObject({ code: 2, stdout: "" });
    expect(asked.stderr).toContain("audit would be removed for good, with its checkpoint at position");
    expect(await command(["delete", "audit", "--yes"])).toMatchObject({ code: 0, stdout: "audit is deleted.\n" });
    expect((await store.consumers.list()).map(({ name }) => name)).toEqual(["mailer"]);
    expect((await command(["delete", "audit", "--yes"])).code).toBe(1);
  });

  test("says so where there are none", async ({ consumers: { command } }) => {
    expect(await command(["list", "--tenant", "acme"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "There are no consumers. One is known once a worker with it was started.\n",
    });
  });

  test("shows one, shard by shard", async ({ consumers: { command, store } }) => {
    const failedFences = async (): Promise<number[]> =>
      (await store.consumers.get("mailer")).shards.filter(({ state }) => state === "failed").map(({ fence }) => fence);
    // A worker that had to wait longer than its lease takes its shards again, with other fences: those before count where they still hold.
    const { fence, stdout } = await eventually(async () => {
      const [before] = await failedFences();
      const shown = await command(["show", "mailer"]);
      expect(await failedFences()).toEqual([before]);
      return { fence: before, stdout: shown.stdout };
    });
    expect(stdout).toMatch(/^consumer +mailer\ntenant +""\nstate +failed\nbehind +3 events, [\d.]+ s\nfilter +every event\n/);
    expect(stdout).toMatch(/\nshard +state +position +events behind +seconds behind +fence +heartbeat +owner\n/);
    expect(stdout).toMatch(new RegExp(String.raw`\n +\d +failed +1 +3 +\d+ +${fence} +20\S+Z +\S+\n`));
    expect(stdout).toMatch(/\nshard \d: event 2 of "cart-1", attempt 1: no mail/);
    expect(documentOf(await command(["show", "mailer", "--json"]))).toMatchObject({ name: "mailer", createdAt: expect.stringMatching(/^20.*Z$/) });
  });

  test("tells which name was meant, and ends with 1", async ({ consumers: { command } }) => {
    const { code, stderr } = await command(["show", "mialer"]);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no consumer "mialer". Did you mean "mailer"?');
    expect(documentOf(await command(["pause", "nobody", "--json"]))).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await command(["show", ""])).toMatchObject({ code: 2, stderr: expect.stringContaining("<consumer> is empty") });
  });

  test("pauses and resumes", async ({ consumers: { command, store, failed } }) => {
    expect(await command(["pause", "audit"])).toMatchObject({ code: 0, stdout: "audit is paused: its workers finish the event in hand and wait.\n" });
    expect(await store.consumers.get("audit")).toMatchObject({ paused: true });
    expect(documentOf(await command(["resume", "audit", "--json"]))).toMatchObject({ name: "audit", paused: false });
    const { shards } = await store.consumers.get("mailer");
    await command(["resume", "mailer"]);
    // It tried again at once, and failed again.
    await eventually(async () => expect(fences(await store.consumers.get("mailer"))).toBeGreaterThan(fences({ shards })));
    await failed();
  });

  test("renames", async ({ consumers: { command, store, stop } }) => {
    await stop();
    expect(await command(["rename", "audit", "mailer"])).toMatchObject({ code: 2, stderr: expect.stringContaining("<to> is the name of another consumer") });
    expect(await command(["rename", "audit", "revision"])).toMatchObject({ code: 0, stdout: "audit is revision now.\n" });
    expect((await store.consumers.list()).map(({ name }) => name)).toEqual(["mailer", "revision"]);
  });
});

describe("tidemark consumers reset", () => {
  test("needs --yes where nobody can be asked, and says what would be lost", async ({ consumers: { command, store } }) => {
    const refused = await command(["reset", "audit", "--after", "beginning"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      "--yes is missing, and there is no terminal to ask. audit is at position 4, and would be set to position 0. What it handled after that place is handled again. Pass --yes",
    );
    expect(await store.consumers.get("audit")).toMatchObject({ shards: [{ position: 4, fence: 1 }] });
  });

  test("asks at a terminal, and takes nothing but yes for a yes", async ({ consumers: { command, store, stop } }) => {
    await stop();
    const declined = await command(["reset", "mailer", "--after", "end"], { typed: "y\n" });
    expect(declined).toMatchObject({ code: 1, stdout: "" });
    expect(declined.stderr).toMatch(
      /^mailer is at position 1 to 4, and would be set to the end of the log. What it has not handled before that place never will be. Type yes to continue:\ntidemark: Nothing was changed.\n$/,
    );
    expect(await command(["reset", "mailer", "--after", "end"], { typed: "" })).toMatchObject({ code: 1 });
    expect((await store.consumers.get("mailer")).lag.events).toBe(3);
    expect(await command(["reset", "mailer", "--after", "end"], { typed: "yes\n" })).toMatchObject({
      code: 0,
      stdout: "mailer continues after the end of the log.\n",
    });
    expect((await store.consumers.get("mailer")).lag.events).toBe(0);
  });

  test("sets it to a place, with --yes", async ({ consumers: { command, stop } }) => {
    await stop();
    expect(documentOf(await command(["reset", "audit", "--after", "2", "--yes", "--json"]))).toMatchObject({ name: "audit", shards: [{ position: 2 }] });
    expect(await command(["reset", "audit", "--after", "beginning", "--yes"])).toMatchObject({ code: 0, stdout: "audit continues after position 0.\n" });
    expect(await command(["reset", "adit", "--after", "2"])).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean "audit"?') });
  });
});

function fences({ shards }: Pick<ConsumerInfo, "shards">): number {
  return shards.reduce((sum, { fence }) => sum + fence, 0);
}
