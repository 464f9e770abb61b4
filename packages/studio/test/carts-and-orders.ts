import { defineProcess, documentProjection, type Event, type Process } from "tidemark";

/** A version of an inline projection that nothing builds by itself, and whose documents tell which version made them. */
export function carts(version: number): ReturnType<typeof documentProjection> {
  return documentProjection<{ readonly n: number }, Event<"ItemAdded">, "ItemAdded">({
    name: "carts",
    version,
    mode: "inline",
    collection: "carts",
    handles: ["ItemAdded"],
    rebuild: "manual",
    documentId: ({ streamId }) => streamId,
    evolve: (document) => ({ n: (document?.n ?? 0) + version }),
  });
}

/** A process of which an instance is parked at its first order while it is broken. */
export function ordering(isBroken: () => boolean): Process {
  return defineProcess<number, Event<"OrderPlaced", object>>({
    name: "ordering",
    handles: ["OrderPlaced"],
    instanceId: ({ streamId }) => streamId,
    initialState: () => 0,
    evolve: (n) => n + 1,
    react: () => {
      if (isBroken()) throw new Error("cannot react");
      return [];
    },
  });
}
