import { defineProjection, documentProjection, type DocumentProjection, type Projection } from "../../../src/index.ts";
import type { CartEvent } from "../../support/cart.ts";

/** Counts the items of each cart, in steps of its version: which one made a document shows. */
export function counts(
  version: number,
  more: { readonly mode?: "inline" | "async"; readonly rebuild?: "auto" | "manual"; readonly broken?: () => boolean; readonly collection?: string } = {},
): DocumentProjection<{ readonly n: number; readonly by: number }> {
  return documentProjection<{ readonly n: number; readonly by: number }, CartEvent, "ItemAdded">({
    name: "counts",
    version,
    mode: more.mode ?? "inline",
    rebuild: more.rebuild ?? "auto",
    collection: more.collection ?? "counts",
    handles: ["ItemAdded"],
    documentId: ({ streamId }) => streamId,
    evolve: (document) => {
      if (more.broken?.()) throw new Error("broken on purpose");
      return { n: (document?.n ?? 0) + 1, by: version };
    },
  });
}

/** Notes each event in a table of its version, with whether its effects counted. */
export function notes(
  version: number,
  at: string,
  more: { readonly mode: "inline" | "async"; readonly inBatches?: boolean; readonly rebuild?: "auto" | "manual"; readonly hooks?: boolean },
): Projection {
  const table = `${at}."notes${version}"`;
  const common = {
    name: "notes",
    version,
    mode: more.mode,
    rebuild: more.rebuild ?? "auto",
    handles: ["ItemAdded"],
    setup: async (tx: { query: (text: string) => Promise<unknown> }) => void (await tx.query(`create table ${table} (position bigint, effects boolean)`)),
    ...(more.hooks && {
      swap: async (tx: { query: (text: string) => Promise<unknown> }) => void (await tx.query(`create or replace view ${at}.noted as select * from ${table}`)),
      teardown: async (tx: { query: (text: string) => Promise<unknown> }) => void (await tx.query(`drop table ${table} cascade`)),
    }),
  } as const;
  const note = `insert into ${table} values ($1, $2)`;
  if (more.inBatches) {
    return defineProjection<CartEvent, "ItemAdded">({
      ...common,
      handleBatch: async (events, tx) => {
        for (const { position } of events) await tx.query(note, [position, !tx.replaying]);
      },
    });
  }
  return defineProjection<CartEvent, "ItemAdded">({ ...common, handle: async ({ position }, tx) => void (await tx.query(note, [position, !tx.replaying])) });
}
