import fc from "fast-check";
import { v5 } from "uuid";
import { expect, test } from "vitest";
import { namedUuids } from "../../src/arguments/named-uuid.ts";

test("the id of a name is the one that uuid derives, whatever the name and the namespace", () => {
  fc.assert(
    fc.property(fc.uuid(), fc.string({ unit: "binary" }), (namespace, name) => {
      expect(namedUuids(namespace)(name)).toBe(v5(name, namespace));
    }),
  );
});
