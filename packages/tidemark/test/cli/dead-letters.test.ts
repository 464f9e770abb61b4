import { defineConsumer } from "tidemark";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside, type InsideOptions } from "./run.ts";

/** Positions 1 and 3 fail, 2 and 4 wait behind 1; `mend` lets them pass, `handled` are those that did. */
const test = base.extend("letters", async ({ openStore, databaseUrl, schema }) => {
  const store = await openStore();
  for (const streamId of ["cart-1", "cart-1", "cart-2", "cart-1", "cart-3"]) await store.appendToStream(streamId, [{ type: "Noted", data: {} }]);
  const handled: number[] = [];
  let broken = true;
  const worker = store.createWorker({
    consumers: [
      defineConsumer({
        name: "mailer",
        retry: { attempts: 2, minDelayMs: 0 },
        handle({ position, streamId }) {
          if (broken && streamId !== "cart-3") throw Object.assign(new Error(`no mail for ${streamId}`), { code: "ENOMAIL" });
          handled.push(position);
        },
      }),
    ],
    leaseMs: 3_000,
    onError: () => {},
  });
  await worker.start();
  await worker.caughtUp();
  const command = (args: readonly string[], options?: InsideOptions): Promise<Ended> =>
    inside(["dead-letters", ...args, "--schema", schema], { ...options, env: { DATABASE_URL: databaseUrl } });
  return {
    command,
    store,
    handled,
    mend: () => {
      broken = false;
    },
  };
});

describe("tidemark dead-letters", () => {
  test("lists them by consumer and position, with their errors", async ({ letters: { command } }) => {
    const { code, stdout, stderr } = await command(["list"]);
    expect([code, stderr]).toEqual([0, ""]);
    const time = "20\\S+Z";
    expect(stdout).toMatch(
      new RegExp(
        `^consumer  position  state   attempts  since {21}stream  type   error\nmailer {11}1  failed {9}2  ${time}  cart-1  Noted  no mail for cart-1\nmailer {11}2  parked {9}0  ${time}  cart-1  Noted\nmailer {11}3  failed {9}2  ${time}  cart-2  Noted  no mail for cart-2\nmailer {11}4  parked {9}0  ${time}  cart-1  Noted\n$`,
      ),
    );
  });

  test("lists those that are asked for, and says where there may be more", async ({ letters: { command } }) => {
    const positions = async (...args: readonly string[]): Promise<unknown[]> =>
      documentsOf(await command(["list", "--json", ...args])).map((letter) => Reflect.get(Object(letter), "position"));
    expect(await positions("--state", "parked")).toEqual([2, 4]);
    expect(await positions("--consumer", "mailer", "--after", "2")).toEqual([3, 4]);
    const first = await command(["list", "--limit", "2"]);
    expect(first.stderr).toBe("There may be more than these 2: see --limit and --after.\n");
    expect(await command(["list", "--state", "skipped"])).toEqual({ code: 0, stdout: "", stderr: "There are no dead letters.\n" });
    expect(await command(["list", "--limit", "0"])).toMatchObject({ code: 2, stderr: expect.stringContaining("--limit must be") });
  });

  test("shows one, by position or by id, with its event and the place in the code", async ({ letters: { command, store } }) => {
    const { stdout } = await command(["show", "mailer", "1"]);
    expect(stdout).toMatch(
      /^consumer +mailer\nposition +1\nstream +cart-1, version 1\nstate +failed\nattempts +2\nsince +20\S+Z\nerror +\[ENOMAIL\] no mail for cart-1\n/,
    );
    expect(stdout).toContain("dead-letters.test.ts:");
    expect(stdout).toContain('\n  "streamId": "cart-1",\n');
    const [event] = await store.readStream("cart-2").toArray();
    expect(documentOf(await command(["show", "mailer", event?.id ?? "", "--json"]))).toMatchObject({
      consumer: "mailer",
      position: 3,
      state: "failed",
      retryRequested: false,
      error: { code: "ENOMAIL", message: "no mail for cart-2" },
      event: { streamId: "cart-2", type: "Noted", version: 1 },
    });
    expect(await command(["show", "mailer", "5"])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no dead letter "mailer 5".') });
    expect(await command(["show", "mailer", "five"])).toMatchObject({ code: 2, stderr: expect.stringContaining("<letter>") });
  });

  test("has one handled again, and what waits behind it", async ({ letters: { command, store, handled, mend } }) => {
    mend();
    expect(await command(["retry", "mailer", "1"])).toMatchObject({
      code: 0,
      stdout: "1 letter is handled again as soon as a worker of mailer comes to it.\n",
    });
    await eventually(async () => expect((await store.deadLetters.list()).map(({ position }) => position)).toEqual([3]));
    expect(handled).toEqual([5, 1, 2, 4]);
  });

  test("has all handled again", async ({ letters: { command, store, handled, mend } }) => {
    mend();
    expect(documentOf(await command(["retry", "mailer", "--all", "--json"]))).toEqual({ requested: 2 });
    await eventually(async () => expect(await store.deadLetters.list()).toEqual([]));
    expect(new Set(handled)).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(await command(["retry", "mialer", "--all"])).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean "mailer"?') });
  });

  test("discards one, if that is meant", async ({ letters: { command, store } }) => {
    const refused = await command(["discard", "mailer", "3"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("mailer would never handle the event at position 3, Noted of cart-2. Pass --yes");
    expect(await command(["discard", "mailer", "3"], { typed: "no\n" })).toMatchObject({ code: 1 });
    expect(await store.deadLetters.list()).toHaveLength(4);
    expect(documentOf(await command(["discard", "mailer", "3", "--yes", "--json"]))).toEqual({ discarded: 1 });
    expect((await store.deadLetters.list()).map(({ position }) => position)).toEqual([1, 2, 4]);
  });
});
