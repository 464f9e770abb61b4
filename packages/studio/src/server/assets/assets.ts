import { readFile } from "node:fs/promises";

/** A file that comes with the package. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

// The same from the sources and from what is built of them. Nothing of a request becomes part of a path.
const folder = new URL("../../../dist/client/", import.meta.url);
const types: Readonly<Record<string, string>> = {
  "studio.js": "text/javascript; charset=utf-8",
  "studio.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** Returns the file of this name, or undefined where there is none. */
export async function assetOf(name: string): Promise<Asset | undefined> {
  if (!Object.hasOwn(types, name)) return undefined;
  return { type: types[name] ?? "", body: await readFile(new URL(name, folder), "utf8") };
}
