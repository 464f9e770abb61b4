export interface Orders {
  /** The version's `index.ts`. */
  readonly entry: string;
  readonly url: string;
  readonly schema: string;
}

export type Report =
  | { readonly kind: "ready" | "stopped" }
  | { readonly kind: "worked"; readonly appended: number; readonly seen: number }
  | { readonly kind: "failed"; readonly error: string };

export interface Summary {
  readonly quantity: number;
}

/** What both versions make of the events of a cart. */
export function documentsOf(collection: string) {
  return {
    name: collection,
    version: 1,
    collection,
    handles: ["ItemAdded"],
    filter: { categories: ["cart"] },
    documentId: ({ streamId }: { readonly streamId: string }): string => streamId,
    evolve: (document: Summary | undefined): Summary => ({ quantity: (document?.quantity ?? 0) + 1 }),
  } as const;
}
