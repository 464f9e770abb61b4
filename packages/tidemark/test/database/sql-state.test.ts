import { runInNewContext } from "node:vm";
import pg from "pg";
import { serverAnswer, toConnectError, toTidemarkError } from "../../src/database/sql-state.ts";
import { describe, expect, testWithoutSchema as test } from "../support/test.ts";

function fromServer(
  code: string,
  fields: { readonly message?: string; readonly routine?: string; readonly severity?: string; readonly file?: string } = {},
): Error {
  return Object.assign(new Error(fields.message ?? "said the server"), { code, severity: "ERROR", routine: "routine", ...fields });
}

describe("what the server answered to a statement", () => {
  test.for(["40001", "40P01", "55P03", "53100", "53200", "57014", "25P04"])("%s wrote nothing and may be tried again", (sqlState) => {
    expect(toTidemarkError(fromServer(sqlState))).toMatchObject({ code: "DATABASE", sqlState, retryable: true });
  });

  test.for(["23505", "22003", "42501", "25006", "25P02", "57P03", "TM001", "XX000", "P0001"])("%s wrote nothing", (sqlState) => {
    expect(toTidemarkError(fromServer(sqlState))).toMatchObject({ code: "DATABASE", sqlState, retryable: false });
  });

  test.for(["57P05", "25P03"])("%s came too late to run", (sqlState) => {
    expect(toTidemarkError(fromServer(sqlState))).toMatchObject({ code: "CONNECTION", sqlState, sent: false, retryable: true });
  });

  test.for(["57P01", "57P02", "08006", "08003"])("%s says nothing of the outcome", (sqlState) => {
    expect(toTidemarkError(fromServer(sqlState))).toMatchObject({ code: "CONNECTION", sqlState, sent: true });
  });

  test("08P01 is PostgreSQL's refusal of a malformed message, or a pooler's word for a lost server", () => {
    expect(toTidemarkError(fromServer("08P01", { routine: "exec_bind_message" }))).toMatchObject({ code: "DATABASE" });
    const { routine: _, ...pooler } = Object.assign(new Error("server conn crashed?"), { code: "08P01", routine: undefined });
    expect(toTidemarkError(Object.assign(new Error("server conn crashed?"), pooler))).toMatchObject({ code: "CONNECTION", sent: true });
  });

  test.for([
    { what: "a server that stops", code: "XX000", severity: "PANIC" },
    { what: "a write-ahead log that cannot be written, in German", code: "53100", severity: "PANIK", file: "xlog.c" },
    { what: "a disk that fails", code: "58030", severity: "PANIK", file: "slru.c" },
  ])("$what says nothing of the outcome: a commit may be complete after recovery", ({ code, ...fields }) => {
    expect(toTidemarkError(fromServer(code, fields))).toMatchObject({ code: "CONNECTION", sqlState: code, sent: true });
  });

  test("is found under the errors that an ORM wraps round it", () => {
    const wrapped = new Error("Failed query: insert … params: secret", { cause: new Error("again", { cause: fromServer("23505") }) });
    const error = toTidemarkError(wrapped);
    expect(error).toMatchObject({ code: "DATABASE", sqlState: "23505", cause: wrapped });
    expect(error.message).not.toContain("secret");
  });

  test("is not a code of Node's or of Prisma's", () => {
    const circular = new Error("round");
    circular.cause = circular;
    for (const error of [
      Object.assign(new Error("broken pipe"), { code: "EPIPE" }),
      Object.assign(new Error("prisma"), { code: "P2010" }),
      circular,
      undefined,
      "text",
    ]) {
      expect(serverAnswer(error)).toBeUndefined();
      expect(toTidemarkError(error)).toMatchObject({ code: "CONNECTION", sent: true, sqlState: undefined, cause: error });
    }
  });
});

describe("what refused a connection", () => {
  test.for(["53300", "57P03", "57P01", "08006"])("%s may pass, and nothing was sent", (sqlState) => {
    expect(toConnectError(fromServer(sqlState))).toMatchObject({ code: "CONNECTION", sqlState, sent: false, retryable: true });
  });

  test.for(["28P01", "28000", "3D000", "42501"])("%s stays", (sqlState) => {
    expect(toConnectError(fromServer(sqlState))).toMatchObject({ code: "DATABASE", sqlState, retryable: false });
  });

  test("is told for each address of a host", () => {
    const error = new AggregateError([new Error("connect ECONNREFUSED ::1:5432"), new Error("connect ECONNREFUSED 127.0.0.1:5432")], "");
    expect(toConnectError(error).message).toContain("ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432");
  });
});

test("errors of another realm, as of Node's own in a test runner's sandbox, are read like others", () => {
  const foreign = (code: string): unknown => runInNewContext(code);
  const unique = foreign('Object.assign(new Error("twice"), { code: "23505", routine: "check" })');
  expect(unique).not.toBeInstanceOf(Object);
  expect(toTidemarkError(unique)).toMatchObject({ code: "DATABASE", sqlState: "23505" });
  expect(toConnectError(foreign('new Error("connect ECONNREFUSED")')).message).toContain("PostgreSQL: connect ECONNREFUSED. Nothing");
  const addresses = foreign('new AggregateError([new Error("connect ::1"), new Error("connect 127.0.0.1")], "")');
  expect(toConnectError(addresses).message).toContain("PostgreSQL: connect ::1; connect 127.0.0.1. Nothing");
});

test("a real constraint violation carries its names", async ({ sql, schema }) => {
  const quoted = pg.escapeIdentifier(schema);
  await sql.query(`create schema ${quoted}; create table ${quoted}.t (n int constraint t_n_key unique); insert into ${quoted}.t values (1)`);
  const error: unknown = await sql.query(`insert into ${quoted}.t values (1)`).catch((caught: unknown) => caught);
  expect(toTidemarkError(error)).toMatchObject({ sqlState: "23505", constraint: "t_n_key", table: "t" });
});
