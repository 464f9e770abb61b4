import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** Where the models lie. */
export const folder: string = join(import.meta.dirname, "..");

/** The macros that one check of a model is compiled with, such as `WORKERS=2`. */
export type Macros = readonly string[];

/** A mistake that the model can be compiled with, and that has to break one of its invariants. */
export interface Mutant {
  readonly name: string;
  /** Which of them; `invalid end state` where processes would wait for ever. */
  readonly breaks: readonly string[];
}

/** What the comment at the head of a model says: how it is to be checked. */
export interface Model {
  readonly name: string;
  readonly file: string;
  readonly sizes: readonly Macros[];
  /** Those that take longer, for `--deep`. */
  readonly deep: readonly Macros[];
  readonly mutants: readonly Mutant[];
  /** Guards of which the code has one more than it needs: without one alone, every invariant still holds. */
  readonly spare: readonly string[];
}

export async function readModels(): Promise<readonly Model[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".pml")).sort();
  return await Promise.all(files.map(async (file) => parseModel(join(folder, file), await readFile(join(folder, file), "utf8"))));
}

/** @throws Error — the head and the rest of the file do not name the same mutants and invariants, so that some would go unchecked. */
export function parseModel(file: string, text: string): Model {
  const lines = (keyword: string): string[] => Array.from(text.matchAll(new RegExp(`^ \\* ${keyword}:? (.+)$`, "gm")), ([, rest = ""]) => rest.trim());
  const macros = (keyword: string): Macros[] => lines(keyword).map((line) => line.split(" "));
  const mutants = lines("mutant").map((line): Mutant => {
    const [name = "", breaks = ""] = line.split(": ");
    return { name, breaks: breaks.split(", ") };
  });
  const model = { name: basename(file, ".pml"), file, sizes: macros("size"), deep: macros("deep"), mutants, spare: lines("spare") };
  const told = new Set([...mutants.map(({ name }) => name), ...model.spare]);
  const there = new Set(Array.from(text.matchAll(/MUTANT_(\w+)/g), ([, name = ""]) => name));
  const odd = [...told, ...there].filter((name) => !told.has(name) || !there.has(name));
  if (odd.length > 0) throw new Error(`${file}: a mutant stands only in the head or only in the model: ${odd.join(", ")}.`);
  const invariants = new Set([...(/^hidden byte (.+);$/m.exec(text)?.[1] ?? "").split(", "), "invalid end state"]);
  const unknown = mutants.flatMap(({ breaks }) => breaks).filter((name) => !invariants.has(name));
  if (unknown.length > 0) throw new Error(`${file}: no invariant is called ${unknown.join(", ")}.`);
  if (model.sizes.length === 0) throw new Error(`${file}: no size is given.`);
  return model;
}
