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

/** The same documents by Emmett's projection on Pongo, with its default options. */
export function emmettTally({ pongoSingleStreamProjection }: EmmettProjections): unknown {
  return pongoSingleStreamProjection({
    collectionName: "tally",
    canHandle: [eventType],
    evolve: (document, { metadata }) => evolve(document, metadata.messageId),
  });
}
