import ts from "typescript-5";
import { describe, expect, test } from "vitest";
import { inRoot } from "./run.ts";
import { typeParametersOf } from "./typescript/type-parameters.ts";

const most = 2;

/** Functions with more, and why inference forbids fewer. */
const exceptions: Readonly<Record<string, string>> = {
  decider: "A state, a command and an event are what a decider is about; whoever gives them as type arguments leaves nothing to infer.",
  documentProjection:
    "The document and the events are given as type arguments; the types in `handles`, where all is inferred, narrow the event of `evolve`, and the versions in `as` take its type away.",
  defineProjection: "As documentProjection, without the document.",
  defineConsumer: "As defineProjection, with `filter` in place of `handles`.",
  handleCommand: "One type parameter for the whole decider would make `evolve` of a decider written in place take a state of type never.",
  executeCommand: "As handleCommand.",
  command: "As handleCommand, and the state that `orElse` takes, which is the process's.",
  scenario: "As handleCommand: tests write deciders in place.",
  "Snapshots.take": "As handleCommand, and the command of the second form comes from the decider.",
};

describe("functions that the package exports, and methods of what it exports", () => {
  test(`have at most ${most} type parameters`, () => {
    const entries = ["index.ts", "testing/index.ts"].map((file) => inRoot("packages/tidemark/src", file));
    const found = typeParametersOf(entries);
    expect(found.size).toBeGreaterThan(20);
    const above = [...found].filter(([, count]) => count > most).map(([name]) => name);
    expect(above.toSorted()).toEqual(Object.keys(exceptions).toSorted());
  });

  test.each([
    ["export function f<A, B, C>(a: A, b: B, c: C): void {}", { f: 3 }],
    ["export function f<A>(a: A): void;\nexport function f<A, B, C>(a: A, b?: B, c?: C): void {}", { f: 1 }],
    ["export interface I { m<A, B, C>(a: A): [B, C]; readonly p: <A>(a: A) => void }", { "I.m": 3, "I.p": 1 }],
    ["export class K { m<A, B, C>(a: A, b: B): C { throw a ?? b; } }", { "K.m": 3 }],
    ["export const f = <A, B, C>(a: A, b: B): C => { throw a ?? b; };", { f: 3 }],
    ["function inner<A, B, C>(a: A, b: B, c: C): void {}", {}],
  ])("and more would be noticed: %s", (text, counts) => {
    const host = ts.createCompilerHost({});
    const source = ts.createSourceFile("/one.ts", text, ts.ScriptTarget.Latest, true);
    const found = typeParametersOf(["/one.ts"], {
      ...host,
      getSourceFile: (name, version) => (name === "/one.ts" ? source : host.getSourceFile(name, version)),
    });
    expect(Object.fromEntries(found)).toEqual(counts);
  });
});
