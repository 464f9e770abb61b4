import { studio } from "@tidemark/studio";
import { defineConsumer } from "tidemark";
import { expect, test } from "../../tidemark/test/schema/open-as.ts";
import { ordering } from "./carts-and-orders.ts";
import { get } from "./support.ts";

/** What tells of events. */
const ofEvents = ["/doctor", "/stats", "/streams", "/stream?id=order-1", "/state?id=order-1", "/tenants", "/catalogue", "/session"] as const;

/** What tells of the work on them, too. */
const ofWork = [
  "/overview",
  "/followers",
  "/projections",
  "/processes",
  "/process?name=ordering&id=order-1",
  "/timers",
  "/dead-letters?kind=consumer&consumer=failing",
  "/audit",
] as const;

test("an operator of the database sees the work on events, and a reader events alone", async ({ openAs, store, schema }) => {
  const failing = defineConsumer({ name: "failing", retry: { attempts: 1 }, handle: () => Promise.reject(new Error("no")) });
  await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
  await using worker = store.createWorker({ consumers: [failing], processes: [ordering(() => false)] });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  const [placed] = await store.readAll().toArray();
  const events = [...ofEvents, `/event?id=${placed?.id}`];
  const answersOf = async (kind: "reader" | "operator", paths: readonly string[]): Promise<readonly string[]> => {
    const panel = studio(await openAs(kind), { schema, role: "admin", tenants: "all" });
    const answers = await Promise.all(paths.map((path) => get(panel, `/api${path}`)));
    return Promise.all(answers.map(async (answer, at) => `${paths[at]} ${answer.ok ? "answers" : (await answer.json()).code}`));
  };
  const all = [...events, ...ofWork];
  expect(await answersOf("operator", all)).toEqual(all.map((path) => `${path} answers`));
  expect(await answersOf("reader", all)).toEqual([...events.map((path) => `${path} answers`), ...ofWork.map((path) => `${path} DATABASE`)]);
});
