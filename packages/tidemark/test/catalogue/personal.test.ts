import { become, defineEvents, event, retired } from "tidemark";
import { describe, expect, test } from "../support/test.ts";

const upcast = { 1: ({ data }: { data: object }) => data };

describe("what a catalogue calls personal in an event", () => {
  test("is named by its paths in the newest shape", async ({ openStore }) => {
    const events = defineEvents({
      Registered: { schema: event<object>(), personal: ["email", "lines[].note", "contacts{}.phone"] },
      Opened: event<object>(),
    });
    const store = await openStore({ events });
    const pathsOf = (type: string): readonly string[] | undefined => store.personalPaths({ type, schemaVersion: 1 });
    expect(pathsOf("Registered")).toEqual(["data.email", "data.lines.*.note", "data.contacts.*.phone"]);
    expect(pathsOf("Opened")).toEqual([]);
    expect(store.forTenant("acme").personalPaths({ type: "Registered", schemaVersion: 1 })).toHaveLength(3);
  });

  test("is all of an event that has an older shape of it, becomes it, or is not known", async ({ openStore }) => {
    const events = defineEvents({
      Registered: { schema: event<object>(), version: 2, upcast, personal: ["email"] },
      Opened: { schema: event<object>(), version: 2, upcast },
      Imported: { schema: event<object>(), version: 2, upcast: { 1: () => become([{ type: "Registered", data: {} }]) }, becomes: ["Registered"] },
      Joined: retired(() => [{ type: "Registered", data: {} }]),
      Enrolled: retired(() => [{ type: "Registered", data: {} }], { becomes: ["Registered"] }),
      Left: retired(() => [], { becomes: [] }),
    });
    const store = await openStore({ events });
    const shown = (["Registered", "Opened", "Imported", "Joined", "Enrolled", "Left", "Unheard"] as const).map((type) => [
      type,
      ...[1, 2, 3].map((schemaVersion) => store.personalPaths({ type, schemaVersion })?.join(" ")),
    ]);
    expect(shown).toEqual([
      ["Registered", "data", "data.email", "data"],
      ["Opened", "", "", "data"],
      ["Imported", "data", "", "data"],
      ["Joined", "data", "data", "data"],
      ["Enrolled", "data", "data", "data"],
      ["Left", "", "", ""],
      ["Unheard", "data", "data", "data"],
    ]);
  });

  test("is undefined where there is no catalogue, or it names nothing", async ({ store, openStore }) => {
    const named = await openStore({ events: defineEvents({ Opened: event<object>() }) });
    expect([store, named].map((each) => each.personalPaths({ type: "Opened", schemaVersion: 1 }))).toEqual([undefined, undefined]);
  });

  test.for([
    ["no list", "email", "definitions.A.personal"],
    ["no path", ["a..b"], "definitions.A.personal[0]"],
    ["no text", [1], "definitions.A.personal[0]"],
  ] as const)("is refused where it is %s", ([, personal, told]) => {
    expect(() => defineEvents({ A: { schema: event<object>(), personal: JSON.parse(JSON.stringify(personal)) } })).toThrow(told);
  });
});
