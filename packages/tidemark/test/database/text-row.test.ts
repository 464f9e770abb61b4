import { describe, expect, test } from "vitest";
import { rowClass, withColumns } from "../../src/database/text-row.ts";

describe("a row of an answer", () => {
  test("has its columns by name, and nothing for others", () => {
    const Row = rowClass(["position", "data", "constructor"]);
    const row = new Row(["7", null, "text"]);

    expect([row["position"], row["data"], row["constructor"], row["version"]]).toEqual(["7", null, "text", undefined]);
    expect(["data" in row, "version" in row]).toEqual([true, false]);
  });

  test("has the last of two columns with one name", () => {
    const Row = rowClass(["set_config", "set_config"]);
    expect(new Row(["first", "last"])["set_config"]).toBe("last");
  });

  test("keeps its columns where some are changed, whether its class has them or it has them itself", () => {
    const Row = rowClass(["position", "data"]);
    const changed = withColumns(new Row(["7", null]), { data: "{}", full: "" });

    expect(Object.entries(changed)).toEqual([
      ["position", "7"],
      ["data", "{}"],
      ["full", ""],
    ]);
    expect(Object.entries(withColumns({ position: "7" }, { position: "8" }))).toEqual([["position", "8"]]);
  });

  test("can be compared with an object in tests", () => {
    const Row = rowClass(["n"]);
    expect([new Row(["1"])]).toEqual([{ n: "1" }]);
    expect([new Row(["1"])]).not.toEqual([{ n: "2" }]);
    expect([new Row(["1"])]).not.toEqual([{ n: "1", m: "1" }]);
  });
});
