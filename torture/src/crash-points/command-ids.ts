import type { RecordedEvent, StoreTransaction } from "tidemark";
import type { Client } from "../worker/client.ts";

class Probed extends Error {}

/** The ids that a command's own id makes, which a history needs before the command: it is handled once and rolled back. */
export async function idsOf({ store }: Client, handle: (tx: StoreTransaction) => Promise<readonly RecordedEvent[]>): Promise<readonly string[]> {
  let ids: readonly string[] = [];
  await store
    .transaction(async (tx) => {
      ids = (await handle(tx)).map(({ id }) => id);
      throw new Probed();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Probed)) throw error;
    });
  return ids;
}
