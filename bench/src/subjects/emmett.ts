import { eventData, eventType } from "../payload.ts";
import { importPeer, peerVersion } from "./peers.ts";
import type { Subject } from "./subject.ts";

/** As much of the package's public API as is used here. It is not a dependency, so its types may be absent. */
interface EmmettPackage {
  getPostgreSQLEventStore(connectionString: string): {
    appendToStream(streamId: string, events: readonly unknown[], options?: { readonly expectedStreamVersion: "STREAM_DOES_NOT_EXIST" }): Promise<unknown>;
    readStream(streamId: string): Promise<{ readonly events: readonly unknown[] }>;
    readonly schema: { migrate(): Promise<unknown> };
    close(): Promise<void>;
  };
}

/** The installed version; undefined where the peers' packages are not installed. */
export function emmettVersion(): string | undefined {
  return peerVersion("@event-driven-io/emmett-postgresql");
}

/** Emmett with its default options. */
export async function openEmmett(url: string): Promise<Subject> {
  return (await openEmmettStore(url)).subject;
}

/** The same, with the store itself. */
export async function openEmmettStore(url: string): Promise<{ readonly store: unknown; readonly subject: Subject }> {
  const emmett = await importPeer<EmmettPackage>("@event-driven-io/emmett-postgresql");
  const store = emmett.getPostgreSQLEventStore(url);
  await store.schema.migrate();
  const subject: Subject = {
    name: "Emmett",
    async append(streamId, count, isNew, giveUp) {
      const events = Array.from({ length: count }, () => ({ type: eventType, data: eventData }));
      for (;;) {
        try {
          await store.appendToStream(streamId, events, ...(isNew ? [{ expectedStreamVersion: "STREAM_DOES_NOT_EXIST" } as const] : []));
          return count;
        } catch (error) {
          // It reads the version and then writes: of two callers on one stream, one has to try again.
          if (isNew || !isVersionConflict(error)) throw error;
        }
        if (giveUp?.aborted) return 0;
      }
    },
    async readStream(streamId) {
      return (await store.readStream(streamId)).events.length;
    },
    close: () => store.close(),
  };
  return { store, subject };
}

export function isVersionConflict(error: unknown): boolean {
  return error instanceof Error && /version/i.test(`${error.name} ${error.message}`);
}
