import { describe, expect, test } from "vitest";
import { quoteLiteral, renderSql } from "../../src/schema/render.ts";

describe("a template", () => {
  test("gets the schema's name as an identifier, whatever it holds", () => {
    expect(renderSql(`create table :"schema".events ()`, `we"ird schema`)).toBe(`create table "we""ird schema".events ()`);
  });

  test("gets a relation's name as a constant, quoted as an identifier and as text", () => {
    expect(renderSql("nextval(:regclass(events_position_seq))", `it's "x"`)).toBe(`nextval('"it''s ""x"""."events_position_seq"'::regclass)`);
  });

  test("gets a backslash in the form that every setting reads alike", () => {
    expect(renderSql(":regclass(events)", "a\\b'c")).toBe(String.raw`E'"a\\b''c"."events"'::regclass`);
    expect(quoteLiteral("a'b")).toBe("'a''b'");
  });

  test("is not looked through again where a name looks like a place of its own", () => {
    expect(renderSql(`:"schema".a, :regclass(b)`, `:regclass(c) $& $1`)).toBe(`":regclass(c) $& $1".a, '":regclass(c) $& $1"."b"'::regclass`);
  });

  test.each([
    ["an empty name", ""],
    ["64 bytes", "ä".repeat(32)],
    ["a control character", "a\nb"],
    ["half of a surrogate pair", "a\ud800"],
    ["the mark at which bodies end", "a$tidemark$b"],
  ])("refuses %s", (_, schema) => {
    expect(() => renderSql(`:"schema"`, schema)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "schema" }));
  });
});
