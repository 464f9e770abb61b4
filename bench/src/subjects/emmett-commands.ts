import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { eventData, eventType } from "../payload.ts";
import type { CommandSubject, ItemCount } from "./commands.ts";
import { isVersionConflict, openEmmettStore } from "./emmett.ts";

interface EmmettCore {
  CommandHandler(options: {
    readonly evolve: (state: ItemCount) => ItemCount;
    readonly initialState: () => ItemCount;
  }): (store: unknown, id: string, handle: () => unknown) => Promise<unknown>;
}

const peers = createRequire(new URL("../../peers/package.json", import.meta.url));

/** Emmett's CommandHandler with its default options, which try three times after a conflict; then a loop does. */
export async function openEmmettCommands(url: string): Promise<CommandSubject> {
  const { CommandHandler }: EmmettCore = await import(pathToFileURL(peers.resolve("@event-driven-io/emmett")).href);
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
