import { AsyncLocalStorage } from "node:async_hooks";
import { drivers } from "../contract/drivers.ts";
import { documentProjection } from "../../src/index.ts";
import { describe, expect } from "../support/test.ts";

describe.for(drivers)("what runs in a batch of appends on $driver", ({ test }) => {
  test("finds the AsyncLocalStorage of no caller: a batch is of several", async ({ open }) => {
    const request = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const watching = documentProjection<{ readonly n: number }>({
      name: "watching",
      mode: "inline",
      collection: "watching",
      handles: ["Counted"],
      documentId: ({ streamId }) => streamId,
      evolve: (document) => {
        seen.push(request.getStore());
        return { n: (document?.n ?? 0) + 1 };
      },
    });
    const store = await open({ projections: [watching] });
    const append = (n: number): Promise<unknown> => request.run(`request ${n}`, () => store.appendToStream(`s-${n}`, [{ type: "Counted", data: {} }]));
    await Promise.all([append(1), append(2), append(1)]);
    await append(3);
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
    // Each caller still has its own when its append has returned.
    await request.run("mine", async () => {
      await append(4);
      expect(request.getStore()).toBe("mine");
    });
  });
});
