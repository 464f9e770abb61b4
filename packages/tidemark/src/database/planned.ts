import type { Statement } from "./database.ts";

/**
 * A statement that the server plans at each call. Sessions keep a plan of a prepared one that was made while its tables were nearly empty, and scan all
 * that has come since, until the tables are analysed again.
 */
export function planned(name: string, text: string): Statement {
  return { name: `tidemark_${name}`, text, unprepared: true };
}
