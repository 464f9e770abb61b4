import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const source = join(root, "packages/tidemark/src");
const page = await readFile(join(import.meta.dirname, "design/models.md"), "utf8");
const models = (await readdir(join(root, "models"))).filter((file) => file.endsWith(".pml"));

/** The part of the page about a model: from the heading before its name to the next. */
function sectionOf(file: string): string {
  return page.split(/^## /m).find((section) => section.includes(`\`models/${file}\``)) ?? "";
}

/** The places that the table of steps names: files, and what has to stand in them. */
function placesOf(section: string): { readonly file: string; readonly names: readonly string[] }[] {
  const rows = Array.from(section.matchAll(/^\| .+ \| (`[^`]+\.(?:sql|ts)`: .+) \|$/gm), ([, places = ""]) => places);
  return rows.flatMap((places) =>
    places.split("; `").map((place) => {
      const [file = "", ...names] = Array.from(`\`${place.replace(/^`/, "")}`.matchAll(/`([^`]+)`/g), ([, text = ""]) => text);
      return { file, names };
    }),
  );
}

describe.each(models)("models/%s", (file) => {
  const section = sectionOf(file);

  test("names places of the code that are there", async () => {
    const places = placesOf(section);
    expect(places.length).toBeGreaterThan(4);
    for (const { file: place, names } of places) {
      const text = await readFile(join(source, place), "utf8");
      expect(names).not.toEqual([]);
      for (const name of names) expect(text.includes(name), `${place} has no ${JSON.stringify(name)}`).toBe(true);
    }
  });

  test("has its mutants, spare guards and invariants told", async () => {
    const text = await readFile(join(root, "models", file), "utf8");
    const mutants = Array.from(text.matchAll(/MUTANT_(\w+)/g), ([, name = ""]) => name);
    const invariants = /^hidden byte (.+);$/m.exec(text)?.[1]?.split(", ") ?? [];
    expect(mutants.length).toBeGreaterThan(0);
    expect(invariants.length).toBeGreaterThan(0);
    for (const name of mutants) expect(section).toMatch(new RegExp(`\\b${name}\\b`));
    for (const name of invariants) expect(section).toContain(`\`${name}\``);
  });
});
