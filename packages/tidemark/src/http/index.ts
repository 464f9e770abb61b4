export { etag } from "./etag.ts";
export { type ExpectedVersionOptions, expectedVersionOf } from "./expected-version.ts";
export { type IdempotencyIds, type IdempotencyOptions, idempotencyIds } from "./idempotency-ids.ts";
export { type Problem, problemOf, problemResponse } from "./problem.ts";
export { readJson, type ReadJsonOptions } from "./read-json.ts";
export type { HttpRequest } from "./request-headers.ts";
