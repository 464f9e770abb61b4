import { describe, expect, test } from "vitest";
import { defineProjection, documentProjection } from "../../src/index.ts";
import { scenario } from "../../src/testing/index.ts";

const documents = { name: "p", mode: "inline", collection: "c", handles: ["A"], documentId: () => "a", evolve: () => ({}) } as const;
const handler = { name: "p", mode: "async", handles: ["A"], handle: () => {} } as const;
const rejected =
  (define: (definition: never) => unknown, definition: object): (() => unknown) =>
  () =>
    Reflect.apply(define, undefined, [definition]);

describe("a definition", () => {
  test.for<readonly [object, string]>([
    [{ ...documents, name: undefined }, "definition.name is missing"],
    [{ ...documents, name: "x".repeat(201) }, "a projection's name has 1 to 200"],
    [{ ...documents, mode: undefined }, 'definition.mode is missing; say "inline"'],
    [{ ...documents, mode: "inlined" }, 'Did you mean "inline"?'],
    [{ ...documents, version: 0 }, "definition.version must be a whole number from 1"],
    [{ ...documents, colection: "c" }, 'did you mean "collection"'],
    [{ ...documents, collection: undefined }, "definition.collection is missing"],
    [{ ...documents, documentId: undefined }, "definition.documentId is missing"],
    [{ ...documents, evolve: undefined }, "definition.evolve is missing"],
    [{ ...documents, handles: undefined }, "definition.handles is missing"],
    [{ ...documents, handles: [] }, "definition.handles is empty"],
    [{ ...documents, evolve: { A: () => ({}) } }, "definition.handles is not needed where evolve has a function for each type"],
    [{ ...documents, handles: undefined, evolve: {} }, "definition.evolve has no function"],
    [{ ...documents, handles: undefined, evolve: { A: 1 } }, "definition.evolve.A must be a function, not 1"],
    [{ ...documents, filter: { types: ["B"] } }, "lets no event through that the projection handles"],
    [{ ...documents, filter: { typs: ["A"] } }, 'did you mean "types"'],
    [{ ...documents, startFrom: "end" }, 'does not fit the inline projection "p"'],
    [{ ...documents, filter: { since: new Date(0) } }, "does not fit an inline projection"],
    [{ ...documents, tenants: "own" }, 'of the inline projection "p" can only be "all"'],
  ])("of documents is refused: %o", ([definition, message]) => {
    expect(rejected(documentProjection, definition)).toThrow(new RegExp(message.replaceAll(/[.?()]/g, String.raw`\$&`), "i"));
  });

  test.for<readonly [object, string]>([
    [{ ...handler, handle: undefined }, 'definition of "p" needs one of handle and handleBatch'],
    [{ ...handler, handleBatch: () => {} }, "not both"],
    [{ ...handler, handles: undefined }, "definition.handles is missing"],
    [{ ...handler, setup: 1 }, "definition.setup must be a function"],
    [{ ...handler, collection: "c" }, "definition.collection is not an option"],
  ])("of a handler is refused: %o", ([definition, message]) => {
    expect(rejected(defineProjection, definition)).toThrow(message);
  });
});

describe("what a projection returns", () => {
  const thatEvolves = (evolve: () => unknown, documentId: () => unknown = () => "a"): Promise<void> =>
    scenario(documentProjection(Object.assign({ ...documents }, { evolve, documentId }) as typeof documents))
      .given([{ type: "A", data: 1 }])
      .then({ a: {} });

  test.for<readonly [string, () => unknown, string]>([
    ["undefined", () => undefined, "evolve returned undefined; it returns the document as it is now, or null to delete it"],
    ["a number", () => 5, "evolve returned 5; a document is an object"],
    ["an array", () => [], "a document is an object"],
    ["a promise", async () => ({}), "evolve returned a promise; it must be synchronous"],
    ["a Date within", () => ({ at: new Date(0) }), "is an object of class Date, which JSON would change"],
    ["another _id", () => ({ _id: "b" }), "must be the document's id"],
  ])("is refused from evolve where it is %s", async ([, evolve, message]) => {
    await expect(thatEvolves(evolve)).rejects.toThrow(message);
    await expect(thatEvolves(evolve)).rejects.toMatchObject({ code: "PROJECTION_FAILED", projection: "p", type: "A" });
  });

  test.for<readonly [unknown, string]>([
    [undefined, "documentId returned undefined; it returns a string, an array of them, or null"],
    ["", "documentId's result is empty"],
    [["a", 1], "documentId's result[1] must be a document's id"],
    ["x".repeat(513), "a document's id has 1 to 512"],
  ])("is refused from documentId where it is %o", async ([id, message]) => {
    await expect(
      thatEvolves(
        () => ({}),
        () => id,
      ),
    ).rejects.toThrow(message);
  });
});
