import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test as base } from "../support/test.ts";

let files = 0;

/** Tests that write modules beside this file, so that they import the library. Removed after the test. */
export const test = base.extend("catalogue", async ({}, { onCleanup }) => {
  const folder = join(import.meta.dirname, `.catalogue-${process.pid}-${Math.random().toString(36).slice(2)}`);
  await mkdir(folder);
  onCleanup(() => rm(folder, { recursive: true }));
  return async (text: string): Promise<string> => {
    const file = join(folder, `events-${++files}.ts`);
    await writeFile(file, text);
    return file;
  };
});
