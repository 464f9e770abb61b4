import { importPeer } from "./peers.ts";
import { eventData, eventType } from "../payload.ts";
import type { CommandSubject, ItemCount } from "./commands.ts";
import { isVersionConflict, openEmmettStore } from "./emmett.ts";

interface EmmettCore {
  CommandHandler(options: {
    readonly evolve: (state: ItemCount) => ItemCount;
    readonly initialState: () => ItemCount;
  }): (store: unknown, id: string, handle: () => unknown) => Promise<unknown>;
}

/** Emmett's CommandHandler with its default options, which try three times after a conflict; then a loop does. */
export async function openEmmettCommands(url: string): Promise<CommandSubject> {
  const { CommandHandler } = await importPeer<EmmettCore>("@event-driven-io/emmett");
  const { store, subject } = await openEmmettStore(url);
  const handle = CommandHandler({ evolve: ({ items }) => ({ items: items + 1 }), initialState: () => ({ items: 0 }) });
  return {
    ...subject,
    async handle(streamId, giveUp) {
      for (;;) {
        try {
          await handle(store, streamId, () => ({ type: eventType, data: eventData }));
          return 1;
        } catch (error) {
          if (!isVersionConflict(error)) throw error;
        }
        if (giveUp?.aborted) return 0;
      }
    },
  };
}
