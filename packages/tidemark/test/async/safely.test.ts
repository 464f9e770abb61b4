import { describe, expect, test } from "vitest";
import { safely } from "../../src/async/safely.ts";

describe("a callback that tells of something", () => {
  test("gets what it is told of, and what it throws or rejects with goes elsewhere", async () => {
    const told: number[] = [];
    const thrown: unknown[] = [];
    const failure = new Error("no");
    const fail = (): never => {
      throw failure;
    };
    safely(
      (n: number) => void told.push(n),
      (error) => thrown.push(error),
    )(1);
    safely(fail, (error) => thrown.push(error))(2);
    safely(
      async () => fail(),
      (error) => thrown.push(error),
    )(3);
    await new Promise((resolve) => setImmediate(resolve));
    expect([told, thrown]).toEqual([[1], [failure, failure]]);
  });
});
