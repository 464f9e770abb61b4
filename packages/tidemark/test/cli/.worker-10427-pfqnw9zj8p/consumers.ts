
      import { documentProjection } from "tidemark";
      export const counts = documentProjection<{ events: number }>({ name: "counts", version: 1, mode: "inline", collection: "counts", handles: ["Noted"],
        documentId: (event) => event.streamId, evolve: (document) => ({ events: (document?.events ?? 0) + 1 }) });
    