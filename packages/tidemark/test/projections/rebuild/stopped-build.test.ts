import { documentProjection, type DocumentProjection, type EventStore } from "../../../src/index.ts";
import { drivers } from "../../contract/drivers.ts";
import { type CartEvent, itemAdded } from "../../support/cart.ts";
import { describe, eventually, expect } from "../../support/test.ts";
import { counts } from "./versions.ts";

const tea = itemAdded("tea", 1, 1);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** True at the first call alone. */
function once(): () => boolean {
  let calls = 0;
  return () => calls++ === 0;
}

/** Counts on each time that it is asked anew. */
function impure(version: number): DocumentProjection<{ readonly n: number }> {
  let calls = 0;
  return documentProjection<{ readonly n: number }, CartEvent, "ItemAdded">({
    name: "counts",
    version,
    mode: "inline",
    collection: "counts",
    handles: ["ItemAdded"],
    documentId: ({ streamId }) => streamId,
    evolve: () => ({ n: ++calls }),
  });
}

async function filled(store: EventStore): Promise<void> {
  for (let n = 0; n < 3; n++) await store.appendToStream("cart-1", [tea]);
}

describe.for(drivers)("the build of a version on $driver", ({ test }) => {
  test.for(["inline", "async"] as const)("goes on to its end where an event could not be folded only once: %s", async (mode, { open }) => {
    const store = await open({ projections: [counts(1, { mode }), counts(2, { mode, rebuild: "manual", broken: once() })], logger: quiet });
    if (mode === "async") {
      const worker = store.createWorker({ projections: [counts(1, { mode })], onError: () => {} });
      await worker.start();
      await filled(store);
      await worker.caughtUp();
    } else await filled(store);
    expect(await store.projections.rebuild("counts")).toMatchObject({ version: 2, serving: true, build: { state: "ready" } });
    expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 3, by: 2 });
  });

  test("of an inline version compares its documents with the log, however short that is", async ({ open }) => {
    await filled(await open({ projections: [impure(1)] }));
    const store = await open({ projections: [impure(1), impure(2)], logger: quiet });
    await eventually(async () =>
      expect(await store.projections.get("counts")).toMatchObject({ version: 2, serving: false, state: "failed", build: { state: "failed" } }),
    );
    expect(await store.projections.get("counts", { version: 1 })).toMatchObject({ serving: true, state: "live" });
  });
});
