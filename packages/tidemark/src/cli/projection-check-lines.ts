import type { DocumentCheck } from "../projections/rebuild/check-documents.ts";
import { count, counted } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** What a comparison of documents with the log came to. */
export function printCheck(name: string, { documents, compared, different, differences }: DocumentCheck, terminal: Terminal): void {
  for (const { tenant, id, expected, found } of differences) {
    terminal.print(`${tenant === "" ? "" : `${tenant}/`}${id}`, "bold");
    terminal.print(`  the log makes  ${expected === undefined ? "no document" : JSON.stringify(expected)}`);
    terminal.print(`  stored is      ${found === undefined ? "no document" : JSON.stringify(found)}`);
  }
  const of = `${count(compared)} of ${counted(documents, "document")} compared`;
  terminal.say(different === 0 ? `${name}: ${of}, and they are what the log makes.` : `${name}: ${of}, and ${count(different)} differ.`);
}
