import { expect, test } from "vitest";
import { roomsWithoutSql, statementsIn, statementsOf } from "./rooms-without-sql.ts";

test("rooms whose tests run on the newest PostgreSQL alone send no statement of their own", () => {
  expect(roomsWithoutSql.flatMap(statementsIn)).toEqual([]);
});

test("a room that sends some is found", () => {
  for (const room of ["append", "read", "feed", "commands/snapshots"]) expect(statementsIn(`${room}/**/*`)).not.toEqual([]);
  expect(statementsOf("// select a;\nconst a = `\n  select ${b} from c`;\nfail('Select one.');")).toEqual(["\n  select ${} from c"]);
});
