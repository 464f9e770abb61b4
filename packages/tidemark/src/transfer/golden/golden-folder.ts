import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { quoteStep, quoteText } from "../../arguments/describe-value.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { FileError } from "../transfer-error.ts";
import { type GoldenType, parseGoldenFile } from "./golden-file.ts";

/** A golden file as it was read. */
export interface GoldenFile extends GoldenType {
  readonly name: string;
  readonly text: string;
}

/** The golden files of a folder, by name. A folder that is not there has none. */
export async function readGoldenFolder(folder: string): Promise<readonly GoldenFile[]> {
  const files: GoldenFile[] = [];
  for (const name of (await namesIn(folder)).filter((found) => found.endsWith(".json")).toSorted()) {
    const path = `folder${quoteStep(name)}`;
    const text = await readFile(join(folder, name), "utf8");
    const file = parseGoldenFile(text, path);
    const other = files.find(({ type }) => type === file.type);
    if (other) throw new InvalidArgumentError(path, `is of type ${quoteText(file.type)}, as ${quoteText(other.name)} is; keep one file for each type`);
    files.push({ ...file, name, text });
  }
  return files;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new InvalidArgumentError("folder", `cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Writes a file whole or not at all: half of one would pass for what was agreed on. */
export async function writeGoldenFile(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  const unfinished = join(folder, `.${name}.${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(unfinished, text);
    await rename(unfinished, path);
  } catch (error) {
    throw new FileError(path, error);
  }
}

const longest = 100;
/** Windows keeps these names for devices, whatever comes after them. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * A file's name for a type: the type itself where every file system takes that, else with a hash.
 *
 * @param taken - In lower case: some file systems know no other.
 */
export function goldenFileName(type: string, taken: ReadonlySet<string>): string {
  const plain = type.replaceAll(/[^\w.-]|^\./gu, (character) => Buffer.from(character).toString("hex").toUpperCase().replaceAll(/../g, "%$&"));
  const name = `${plain}.json`;
  if (plain.length <= longest && !reserved.test(plain) && !taken.has(name.toLowerCase())) return name;
  const hash = createHash("sha256").update(type).digest("hex").slice(0, 12);
  return `${plain.slice(0, longest - 20)}~${hash}.json`;
}
