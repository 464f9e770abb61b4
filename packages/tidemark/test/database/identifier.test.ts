import pg from "pg";
import { quoteIdentifier } from "../../src/database/identifier.ts";
import { describe, expect, test } from "../support/test.ts";

describe("quoteIdentifier", () => {
  test.for(["plain", "Tide Mark", `we"ird; drop schema x; --`, "ü".repeat(31), "a".repeat(63), "$1", "\u202e"])(
    "quotes %j so that PostgreSQL reads the same name",
    async (name, { sql }) => {
      await sql.query(`create schema ${quoteIdentifier(name)}`);
      expect((await sql.query("select 1 as found from pg_namespace where nspname = $1", [name])).rows).toEqual([{ found: 1 }]);
      expect(quoteIdentifier(name)).toBe(pg.escapeIdentifier(name));
    },
  );

  test.for([
    ["", "empty"],
    ["a".repeat(64), "64 bytes"],
    ["ü".repeat(32), "64 bytes"],
    ["a\0b", "control"],
    ["a\nb", "control"],
    ["a\u0085b", "control"],
    ["a\ud800", "surrogate"],
  ] as const)("refuses %j", ([name, problem]) => {
    expect(() => quoteIdentifier(name)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "schema", message: expect.stringContaining(problem) }),
    );
  });
});
