import { expect, test } from "vitest";
import { routes } from "../src/server/api/routes.ts";

test("every route reads in turn but the live tail, which reads once for all", () => {
  const outside = Object.entries(routes).flatMap(([path, { inTurn }]) => (inTurn ? [] : [path]));
  expect(outside).toEqual(["/tail"]);
});

test("every route is for all who may look but the audit", () => {
  const restricted = Object.entries(routes).flatMap(([path, { role }]) => (role === "viewer" ? [] : [[path, role]]));
  expect(restricted).toEqual([["/audit", "admin"]]);
});
