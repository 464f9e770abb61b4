import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { eventType } from "../payload.ts";
import { evolve, type Tally } from "./tally.ts";

/** As much of the packages' public API as is used here. They are no dependency, so their types may be absent. */
export interface EmmettProjections {
  pongoSingleStreamProjection(options: {
    readonly collectionName: string;
    readonly canHandle: readonly string[];
    readonly evolve: (document: Tally | null, event: { readonly metadata: { readonly messageId: string } }) => Tally;
  }): unknown;
}

const peers = createRequire(new URL("../../peers/package.json", import.meta.url));

export async function importPeer<T>(name: string): Promise<T> {
  const module: T = await import(pathToFileURL(peers.resolve(name)).href);
  return module;
}

/** The same documents by Emmett's projection on Pongo, with its default options. */
export function emmettTally({ pongoSingleStreamProjection }: EmmettProjections): unknown {
  return pongoSingleStreamProjection({
    collectionName: "tally",
    canHandle: [eventType],
    evolve: (document, { metadata }) => evolve(document, metadata.messageId),
  });
}
