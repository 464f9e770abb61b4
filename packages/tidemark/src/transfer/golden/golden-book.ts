import type { EventDecoder } from "../../catalogue/event-codec.ts";
import { messageWithCause } from "../message-with-cause.ts";
import { becomes, type GoldenEntry } from "./golden-entry.ts";
import { goldenFileText } from "./golden-file.ts";
import { type GoldenFile, goldenFileName, writeGoldenFile } from "./golden-folder.ts";
import type { GoldenProblem } from "./golden-problem.ts";
import { jsonDifferences } from "./json-difference.ts";
import { sortedJson } from "../../arguments/sorted-json.ts";

/** What may be written: nothing; what has no entry yet; or also what entries become where that has changed. */
export type GoldenWrites = "nothing" | "new" | "all";

interface Page {
  readonly file: GoldenFile | undefined;
  readonly versions: Map<number, readonly GoldenEntry[]>;
  changed: boolean;
}

/** All entries of a folder, and what is to be written of them. */
export class GoldenBook {
  readonly #pages = new Map<string, Page>();
  readonly #decoder: EventDecoder;

  constructor(files: readonly GoldenFile[], decoder: EventDecoder) {
    this.#decoder = decoder;
    for (const file of files) {
      const versions = new Map(Array.from(file.versions, ([version, entries]) => [version, [...entries]] as const));
      this.#pages.set(file.type, { file, versions, changed: false });
    }
  }

  entries(type: string, schemaVersion: number): readonly GoldenEntry[] {
    return this.#pages.get(type)?.versions.get(schemaVersion) ?? [];
  }

  isEmpty(type: string): boolean {
    return [...(this.#pages.get(type)?.versions.values() ?? [])].every((entries) => entries.length === 0);
  }

  /** Whether there is an entry of what is stored so, wherever it stands. */
  has(type: string, schemaVersion: number, stored: unknown): boolean {
    const key = keyOf(stored);
    return this.entries(type, schemaVersion).some((entry) => keyOf(entry.stored) === key);
  }

  add(type: string, schemaVersion: number, entry: GoldenEntry): void {
    let page = this.#pages.get(type);
    if (!page) this.#pages.set(type, (page = { file: undefined, versions: new Map(), changed: true }));
    page.versions.set(schemaVersion, [...(page.versions.get(schemaVersion) ?? []), entry]);
    page.changed = true;
  }

  /** Reads every entry by today's code. */
  readAll(writes: GoldenWrites): readonly GoldenProblem[] {
    const problems: GoldenProblem[] = [];
    for (const [type, page] of this.#pages) {
      for (const [version, entries] of [...page.versions].toSorted(([a], [b]) => a - b)) {
        const read = entries.map((entry, n) => this.#read(type, version, entry, { name: page.file?.name, n, writes }));
        problems.push(...read.flatMap(({ problem }) => problem ?? []));
        if (read.every(({ entry }, n) => entry === entries[n])) continue;
        page.versions.set(
          version,
          read.map(({ entry }) => entry),
        );
        page.changed = true;
      }
    }
    return problems;
  }

  #read(
    type: string,
    schemaVersion: number,
    entry: GoldenEntry,
    { name, n, writes }: { readonly name: string | undefined; readonly n: number; readonly writes: GoldenWrites },
  ): { readonly entry: GoldenEntry; readonly problem?: GoldenProblem } {
    const where = name === undefined ? `new entry ${n}` : `entry ${n} of ${name}`;
    const fail = (problem: Pick<GoldenProblem, "kind" | "message" | "differences">): { readonly entry: GoldenEntry; readonly problem: GoldenProblem } => ({
      entry,
      problem: { type, schemaVersion, ...problem },
    });
    let parts: readonly unknown[];
    let next: GoldenEntry;
    try {
      const made = becomes(type, schemaVersion, entry, this.#decoder);
      parts = made;
      next = { ...entry, becomes: made };
    } catch (error) {
      return fail({ kind: "unreadable", message: `${where} cannot be read: ${messageWithCause(error)}` });
    }
    if (!entry.becomes) return writes === "nothing" ? fail({ kind: "unread", message: `${where} does not say what it becomes` }) : { entry: next };
    const differences = jsonDifferences(entry.becomes, parts, "becomes");
    if (differences.length === 0) return { entry };
    return writes === "all" ? { entry: next } : fail({ kind: "changed", message: `${where} is read otherwise`, differences });
  }

  count(): number {
    let count = 0;
    for (const { versions } of this.#pages.values()) for (const entries of versions.values()) count += entries.length;
    return count;
  }

  /** Writes the files that have changed, and gives their names. */
  async write(folder: string): Promise<readonly string[]> {
    const taken = new Set(Array.from(this.#pages.values(), ({ file }) => file?.name.toLowerCase() ?? ""));
    const written: string[] = [];
    for (const [type, { file, versions, changed }] of this.#pages) {
      const text = goldenFileText({ type, versions });
      if (!changed || text === file?.text) continue;
      const name = file?.name ?? goldenFileName(type, taken);
      taken.add(name.toLowerCase());
      await writeGoldenFile(folder, name, text);
      written.push(name);
    }
    return written;
  }
}

function keyOf(stored: unknown): string {
  return JSON.stringify(sortedJson(stored));
}
