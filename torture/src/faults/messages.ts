import type { Side } from "@tidemark/servers";

/** The messages of an append, in and out, at which a connection can break. */
export const points: readonly [readonly [Side, string], ...(readonly [Side, string])[]] = [
  ["frontend", "Bind"],
  ["frontend", "Parse"],
  ["frontend", "Execute"],
  ["frontend", "Sync"],
  ["frontend", "Query"],
  ["backend", "BindComplete"],
  ["backend", "RowDescription"],
  ["backend", "DataRow"],
  ["backend", "CommandComplete"],
  ["backend", "ReadyForQuery"],
];
