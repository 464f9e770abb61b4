import { describe, expect, test } from "vitest";
import type { Queryable, TextRow, Value } from "../../src/database/database.ts";
import { StillPending } from "../../src/processes/still-pending.ts";

const statement = { name: "still_pending", text: "" };
const shard = { id: 7, consumer: "", owner: "ordering", shard: 0, of: 1, fence: 3, after: { position: 0, id: null }, validUntil: 0, barrier: undefined };

/** Answers that all but 9 are pending, once `release` is called. */
function server(fence = "3") {
  const asked: Value[] = [];
  const held = Promise.withResolvers<void>();
  const answer = async (values: readonly Value[]): Promise<TextRow[]> => {
    asked.push(values[0] ?? null);
    await held.promise;
    return [{ fence, pending: JSON.stringify([1, 2, 3, 4]) }];
  };
  const database: Pick<Queryable, "query"> = { query: (_statement, values) => answer(values) };
  return { asked, release: held.resolve, pending: new StillPending(Object(database), statement, shard) };
}

describe("whether commands are still to be issued", () => {
  test("is asked in one statement for all that begin in one turn, however many promises each waits for before", async () => {
    const { asked, release, pending } = server();
    release();
    const lane = async (id: number): Promise<boolean> => {
      for (let n = 0; n < id; n++) await Promise.resolve();
      return await pending.ask(id);
    };
    expect(await Promise.all([1, 2, 9, 3].map(lane))).toEqual([true, true, false, true]);
    expect(asked).toEqual(["{1,2,3,9}"]);
  });

  test("is asked for those that begin meanwhile once the answer is there", async () => {
    const { asked, release, pending } = server();
    const first = pending.ask(1);
    await new Promise((resolve) => setImmediate(resolve));
    const others = [pending.ask(2), pending.ask(4)];
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual(["{1}"]);
    release();
    expect(await Promise.all([first, ...others])).toEqual([true, true, true]);
    expect(asked).toEqual(["{1}", "{2,4}"]);
  });

  test("rejects where the shard is another worker's", async () => {
    const { release, pending } = server("4");
    release();
    await expect(pending.ask(1)).rejects.toMatchObject({ code: "FENCED", current: 4 });
  });
});
