import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** File names in the order of their characters, whatever the locale. A name that does not fit is an error, never left out. */
export async function sortedNames(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const names = (await readdir(folder)).sort();
  const odd = names.find((name) => !pattern.test(name));
  if (odd !== undefined) throw new Error(`${join(folder, odd)} does not fit ${pattern}.`);
  return names;
}

/** A file's text with the line ends of Unix: a checkout on Windows may have changed them, and hashes must not depend on that. */
export async function readText(file: string): Promise<string> {
  return (await readFile(file, "utf8")).replaceAll("\r\n", "\n");
}
