import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const most = 2;

/**
 * A decision has a state, a command and events, and a projection has documents, events and the types that it handles. `decider` and
 * `documentProjection` name them once. Everything else takes them from that value: nobody spells them out.
 */
const carriedByValue = [
  "decider",
  "documentProjection",
  "executeCommand",
  "executeOverQuery",
  "executeOverStreams",
  "handleCommand",
  "repository",
  "scenario",
  "boundaryPlot",
  "checkCommandOptions",
  "considerStreams",
  "deciderPlot",
  "readStreams",
  "snapshotStreams",
  "streamOfDecision",
  "streamsPlot",
  "takeOfStreams",
];

/** The names of a list of type parameters, without what each extends. */
function parametersIn(text: string, from: number): { readonly count: number } {
  let depth = 0;
  let count = 1;
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "=" && text.charAt(at + 1) === ">") at++;
    else if ("<({[".includes(character)) depth++;
    else if (">)}]".includes(character)) {
      if (--depth === 0) return { count };
    } else if (character === "," && depth === 1) count++;
  }
  return { count };
}

function* exportedFunctions(text: string): Generator<{ readonly name: string; readonly count: number }> {
  for (const { 1: name = "", index, 0: head } of text.matchAll(/^export (?:declare )?(?:async )?function\*? (\w+)</gm)) {
    yield { name, ...parametersIn(text, index + head.length - 1) };
  }
}

test("sees every type parameter of an exported function", () => {
  const text = "export function f<A extends Map<string, number>, const B extends (a: A) => void = () => void, C = 1>(a: A): void {}\n";
  expect([...exportedFunctions(text)]).toEqual([{ name: "f", count: 3 }]);
});

test("exported functions have at most two type parameters, but for those whose argument carries more", () => {
  const sources = globSync("packages/tidemark/src/**/*.ts", { cwd: root }).map((file) => readFileSync(join(root, file), "utf8"));
  const found = sources.flatMap((text) => [...exportedFunctions(text)]);
  expect(found.length).toBeGreaterThan(50);
  const more = new Set(found.filter(({ count }) => count > most).map(({ name }) => name));
  expect([...more].toSorted()).toEqual(carriedByValue.toSorted());
  expect(found.filter(({ count }) => count > 3)).toEqual([]);
});
