import pg from "pg";
import { eventData, eventType } from "../payload.ts";
import { importPeer, peerVersion } from "./peers.ts";

/** As much of the packages' public API as is used here. */
interface DcbPackage {
  readonly Tags: { from(tags: readonly string[]): unknown };
  readonly Query: { fromItems(items: readonly { readonly types: readonly string[]; readonly tags: unknown }[]): unknown };
}

interface DcbPostgresPackage {
  readonly PostgresEventStore: new (options: { readonly pool: pg.Pool }) => {
    ensureInstalled(): Promise<void>;
    append(command: {
      readonly events: { readonly type: string; readonly tags: unknown; readonly data: unknown; readonly metadata: unknown };
      readonly condition?: { readonly failIfEventsMatch: unknown };
    }): Promise<unknown>;
  };
}

export interface ConditionalAppends {
  /** One event with these tags, on the condition that there is none of its type with the first of them. */
  append(tags: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

/** The installed version of @dcb-es; undefined where the peers' packages are not installed. */
export function dcbVersion(): string | undefined {
  return peerVersion("@dcb-es/event-store-postgres");
}

/** @dcb-es with its default options and a pool of ten connections. */
export async function openDcb(url: string): Promise<ConditionalAppends> {
  const { Query, Tags } = await importPeer<DcbPackage>("@dcb-es/event-store");
  const { PostgresEventStore } = await importPeer<DcbPostgresPackage>("@dcb-es/event-store-postgres");
  const pool = new pg.Pool({ connectionString: url });
  const store = new PostgresEventStore({ pool });
  await store.ensureInstalled();
  return {
    async append(tags) {
      const failIfEventsMatch = Query.fromItems([{ types: [eventType], tags: Tags.from(tags.slice(0, 1)) }]);
      await store.append({ events: { type: eventType, tags: Tags.from(tags), data: eventData, metadata: {} }, condition: { failIfEventsMatch } });
      return 1;
    },
    close: () => pool.end(),
  };
}
