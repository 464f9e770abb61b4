import fc from "fast-check";
import { CollectionTable } from "../../src/documents/collection-table.ts";
import { createCollections } from "../../src/documents/create-collections.ts";
import { documentKey } from "../../src/documents/document-key.ts";
import { DocumentReaders } from "../../src/documents/document-reader.ts";
import { encodeDocument } from "../../src/documents/encode-document.ts";
import type { Documents, DocumentFilter } from "../../src/documents/types.ts";
import * as arbitrary from "./arbitraries.ts";
import { type Condition, matches, ordered } from "./reference.ts";
import { describe, drivers, expect } from "./test.ts";

type Any = Readonly<Record<string, unknown>>;
const things = { collection: "things", version: 1 };

describe.for(drivers)("documents on $driver", ({ test: onDriver }) => {
  /** Documents of a tenant of their own, so that every run of a property has a collection. */
  const test = onDriver.extend("keep", async ({ database, schema }) => {
    await createCollections(database, schema, [things]);
    const table = new CollectionTable(schema, things);
    let runs = 0;
    return async (
      documents: readonly Any[],
    ): Promise<{ readonly collection: Documents<Any>; readonly stored: readonly (Any & { readonly _id: string })[] }> => {
      const tenant = `run-${++runs}`;
      const stored = documents.map((document, index) => ({ ...document, _id: `d${index}`, _version: 1 }));
      await table.write(
        database,
        stored.map((document) => ({ tenant, id: document._id, data: encodeDocument(document._id, document, "document") })),
      );
      return { collection: new DocumentReaders(database, schema, tenant).of<Any>(things), stored };
    };
  });

  const documents = fc.array(arbitrary.document, { minLength: 1, maxLength: 20 });

  test.for(Object.keys(arbitrary.operators))("that %s lets through are those that a filter in JavaScript lets through", async (operator, { keep }) => {
    await fc.assert(
      fc.asyncProperty(documents, fc.array(arbitrary.asking(operator), { minLength: 1, maxLength: 6 }), async (generated, asked) => {
        const { collection, stored } = await keep(generated);
        for (const where of asked) await expectSame(collection, stored, where);
      }),
      { numRuns: 60 },
    );
  });

  test("that AND, OR, NOT and several conditions let through are those too", async ({ keep }) => {
    await fc.assert(
      fc.asyncProperty(documents, fc.array(arbitrary.where, { minLength: 1, maxLength: 6 }), async (generated, asked) => {
        const { collection, stored } = await keep(generated);
        for (const where of asked) await expectSame(collection, stored, where);
      }),
      { numRuns: 100 },
    );
  });

  test("come in pages as JavaScript sorts them, whatever the directions, ties and gaps", async ({ keep }) => {
    await fc.assert(
      fc.asyncProperty(documents, arbitrary.orderBy, fc.integer({ min: 1, max: 5 }), fc.option(arbitrary.where), async (generated, orderBy, limit, where) => {
        const { collection, stored } = await keep(generated);
        const options = { orderBy, limit, ...(where !== null && { where: question(where) }) };
        const pages: string[] = [];
        let page = await collection.page(options);
        for (;;) {
          pages.push(...page.documents.map(({ _id }) => _id));
          if (page.next === undefined) break;
          expect(page.documents).toHaveLength(limit);
          expect(page.next).toEqual(page.documents.at(-1));
          page = await collection.page({ ...options, after: page.next });
        }
        const wanted = stored.filter((document) => where === null || matches(document, where)).sort(ordered(orderBy));
        expect(pages).toEqual(wanted.map(({ _id }) => _id));
      }),
      { numRuns: 100 },
    );
  });

  test("have the same keys in the database as here", async ({ database, q }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.string({ unit: "binary" }),
            fc.constantFrom(null, true, false),
            fc.constantFrom("ab\u{1f600}".repeat(50), "ab\u{1f600}".repeat(51), "x".repeat(300)),
          ),
          { minLength: 1 },
        ),
        async (values) => {
          const usable = values.filter((value) => typeof value !== "string" || !value.includes("\0"));
          const { rows } = await database.userQuery<{ key: string }>(
            `select ${q}.document_key(v.value) as key from jsonb_array_elements($1::text::jsonb) with ordinality as v (value, nth) order by nth`,
            [JSON.stringify(usable)],
          );
          expect(rows.map(({ key }) => key)).toEqual(usable.map(documentKey));
        },
      ),
    );
  });
});

async function expectSame(collection: Documents<Any>, stored: readonly (Any & { readonly _id: string })[], where: Condition): Promise<void> {
  const wanted = stored.filter((document) => matches(document, where)).map(({ _id }) => _id);
  const found = await collection.find({ where: question(where) });
  expect(found.map(({ _id }) => _id).sort()).toEqual(wanted.toSorted());
  expect(await collection.count({ where: question(where) })).toBe(wanted.length);
}

/** What is asked is not known before it is generated. */
function question(where: Condition): DocumentFilter<Any> {
  return Object.fromEntries(Array.from(Object.entries(where), (entry): readonly unknown[] => entry));
}
