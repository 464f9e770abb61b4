import type { StopOptions } from "../model/calls.ts";
import type { AppendOptions, AppendResult, AppendToStreamsOptions, ConditionalAppendOptions, StreamAppend } from "../append/types.ts";
import { shareSnapshots } from "../commands/snapshots/access.ts";
import type { TransactionClient } from "../database/transaction-client.ts";
import type { Event, NewEvent } from "../model/event.ts";
import type { EventReaderWriter, StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { EventStore } from "../store/event-store.ts";
import { type Interference, partOfAppend } from "./interference.ts";
import { override } from "./override.ts";

/** The store, its views and its transactions, with what is planned for their appends. */
export function interferedStore<Store extends EventStore>(
  store: Store,
  interference: Interference,
  close: (timeoutMs: number | undefined) => Promise<void>,
): Store {
  const view = (of: EventStore): EventStore => interferedStore(of, interference, async () => {});
  const within = (tx: StoreTransaction): StoreTransaction => wrap(tx, appendsOf(tx, interference));
  return wrap(store, {
    ...appendsOf(store, interference),
    transaction: <T>(work: (tx: StoreTransaction) => Promise<T>) => store.transaction((tx) => work(within(tx))),
    withTransaction: (client: TransactionClient) => within(store.withTransaction(client)),
    forTenant: (tenant: string) => view(store.forTenant(tenant)),
    withMetadata: (...metadata: Parameters<EventStore["withMetadata"]>) => view(store.withMetadata(...metadata)),
    close: (options?: StopOptions) => close(options?.timeoutMs),
    [Symbol.asyncDispose]: () => close(undefined),
  });
}

/** Commands find the snapshots of what is wrapped. */
function wrap<T extends object>(target: T, members: Parameters<typeof override>[1]): T {
  const wrapper = override(target, members);
  shareSnapshots(wrapper, target);
  return wrapper;
}

function appendsOf(target: EventReaderWriter, interference: Interference): Pick<EventReaderWriter, "appendToStream" | "appendToStreams" | "append"> {
  return {
    async appendToStream<E extends Event>(streamId: string, events: readonly NewEvent<E>[], options?: AppendOptions): Promise<AppendResult> {
      const { expectedVersion } = options ?? {};
      const part = { streamId, events, ...(expectedVersion !== undefined && { expectedVersion }) };
      return await interference.append(target, [part], ([sent = part]) => target.appendToStream(streamId, sent.events, options));
    },
    async appendToStreams<E extends Event>(appends: readonly StreamAppend<E>[], options?: AppendToStreamsOptions): Promise<readonly AppendResult[]> {
      return await interference.append(target, appends, (sent) => target.appendToStreams(sent, options));
    },
    async append<E extends Event>(events: readonly NewEvent<E>[], options?: ConditionalAppendOptions): Promise<AppendResult> {
      const part = partOfAppend(events, options?.streamId);
      const conditional = options?.condition !== undefined;
      return await interference.append(target, [part], ([sent = part]) => target.append(sent.events, options), conditional);
    },
  };
}
