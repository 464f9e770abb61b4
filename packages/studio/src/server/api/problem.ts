import { isTidemarkError } from "tidemark";
import type { ProblemReport } from "../../wire/reports.ts";
import { InvalidFieldError } from "../changes/fields.ts";
import { ChangeRefusedError } from "../changes/refused.ts";

/** The request itself is wrong. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

/** The request has a larger body than any change. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** Whoever asked does not wait for the answer any more. */
export class LeftError extends Error {
  override readonly name = "LeftError";
}

/** What was asked for is not there. */
export class AbsentError extends Error {
  override readonly name = "AbsentError";
}

/** The answer to a request that failed: RFC 9457. */
export function problemResponse(error: unknown): Response {
  const problem = problemOf(error);
  if (problem.code === "internal") console.error("Tidemark Studio could not answer a request.", error);
  return Response.json(problem, { status: problem.status, headers: { "content-type": "application/problem+json" } });
}

/** What browsers are told of a live tail whose subscription failed. They ask for it again every two seconds, so only the first failure is logged. */
export function tailProblem(error: unknown, isFirst: boolean): ProblemReport {
  if (isFirst && !isTidemarkError(error, "STORE_CLOSED")) console.error("Tidemark Studio's live tail ended. Browsers that look at it ask for it again.", error);
  return problemOf(error);
}

/** What the browser is told of a failure. An unknown error's text stays on the server: it may hold a query or an address. */
export function problemOf(error: unknown): ProblemReport {
  if (error instanceof ChangeRefusedError)
    return { title: "Not done", detail: error.message, status: error.code === "role-refused" ? 403 : 409, code: error.code };
  if (error instanceof BadRequestError || error instanceof InvalidFieldError)
    return { title: "Bad request", detail: error.message, status: 400, code: "bad-request" };
  if (error instanceof TooLargeError) return { title: "Too large", detail: error.message, status: 413, code: "too-large" };
  // As proxies write it in their logs: nobody reads it.
  if (error instanceof LeftError) return { title: "Left", detail: "The request was let go.", status: 499, code: "left" };
  if (error instanceof AbsentError) return { title: "Not found", detail: error.message, status: 404, code: "not-found" };
  if (error instanceof DOMException && error.name === "TimeoutError")
    return { title: "Too slow", detail: "The database did not answer in time. Ask for less, or look at its health.", status: 504, code: "timeout" };
  if (isTidemarkError(error)) {
    if (error.code === "INVALID_ARGUMENT") return { title: "Bad request", detail: error.message, status: 400, code: "bad-request" };
    if (error.code === "NOT_FOUND") return { title: "Not found", detail: error.message, status: 404, code: "not-found" };
    const isAway = error.code === "CONNECTION" || error.code === "POOL_TIMEOUT" || error.code === "STORE_CLOSED";
    if (isAway) return { title: "The store does not answer", detail: error.message, status: 503, code: error.code };
    if (error.code === "DATABASE") return { title: "The database refused", detail: error.message, status: 500, code: error.code };
    return { title: "The store refused", detail: error.message, status: 500, code: error.code };
  }
  return { title: "The studio failed", detail: "The reason is in the log of the process that serves it.", status: 500, code: "internal" };
}
