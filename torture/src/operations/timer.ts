import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isTidemarkError } from "tidemark";
import { contentOf } from "../history/content.ts";
import type { Client } from "../worker/client.ts";
import { ChangedMind, failureOf, type Failure } from "../worker/outcome.ts";
import type { Operation } from "./operation.ts";

/** As short as that, so that cancelling and replacing meet the moment at which it is due. */
const mostMs = 60;

/** A lost answer leaves open what it would have said. */
export function timerFailure(error: unknown): Failure {
  if (isTidemarkError(error, "CONNECTION") && error.sent) return { t: "unknown", code: error.code };
  return failureOf(error);
}

async function set(
  { store, random, perform }: Client,
  timer: { readonly key: string; readonly id: string; readonly stream: string },
  inMs: number,
): Promise<void> {
  const { key, id, stream } = timer;
  const event = { ...contentOf(id), id };
  const [inTransaction, rollsBack] = [random.chance(0.4), random.chance(0.2)];
  const pauseMs = random.chance(0.2) ? random.between(0, mostMs) : 0;
  await perform(
    { kind: "set timer", ...timer },
    async () => {
      if (!inTransaction) await store.schedule(stream, event, { key, in: inMs });
      else {
        await store.transaction(async (tx) => {
          await tx.schedule(stream, event, { key, in: inMs });
          await delay(pauseMs);
          if (rollsBack) throw new ChangedMind("rolled back");
        });
      }
      return { kind: "set timer" };
    },
    timerFailure,
  );
}

/** Sets a timer, perhaps another one under its key, and perhaps cancels it just when it is due. */
export const timer: Operation = {
  name: "timer",
  weight: 5,
  async run(client) {
    const { random, store, newIds, perform } = client;
    const key = randomUUID();
    const [first = "", second = ""] = newIds(2);
    const stream = `timer-${random.between(0, 29)}`;
    const inMs = random.between(0, mostMs);
    await set(client, { key, id: first, stream }, inMs);
    if (random.chance(0.3)) {
      await delay(random.between(0, inMs));
      await set(client, { key, id: second, stream }, inMs);
    }
    if (random.chance(0.4)) return;
    await delay(random.between(0, inMs + 20));
    await perform({ kind: "cancel timer", key }, async () => ({ kind: "cancel timer", there: await store.timers.cancel(key) }), timerFailure);
  },
};
