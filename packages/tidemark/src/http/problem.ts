import { type ErrorByCode, isTidemarkError } from "../errors/errors.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { JsonValue } from "../model/event.ts";
import { problemAnswers } from "./problem-answers.ts";

/**
 * An error as a client may see it: Problem Details of RFC 9457, with the error's code and some of its facts.
 *
 * @example
 * ```ts
 * const { status, title, code }: Problem = problemOf(error);
 * ```
 */
export interface Problem {
  /** Identifies the kind of problem, and leads to its page. `"about:blank"`: nothing more is known than the status. */
  readonly type: string;
  /** The same for each problem of its kind. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What happened this time. */
  readonly detail?: string;
  /** The error's code: `"VERSION_CONFLICT"`. */
  readonly code?: keyof ErrorByCode;
  /** Whether the same request can succeed later. */
  readonly retryable?: boolean;
  /** After how many seconds, at the earliest. */
  readonly retryAfter?: number;
  /** What else the client may know: `actual`, `issues`, `limit` … */
  readonly [fact: string]: JsonValue | undefined;
}

const page = "https://github.com/tidemark/tidemark/blob/main/docs/reference/errors.md";
const unknown: Problem = { type: "about:blank", title: "Internal server error", status: 500 };

/**
 * Returns what to answer a client for an error. Each code has a status, which docs/reference/errors.md lists, and a title. Of messages and fields, only what the
 * client sent or may know goes out: no SQL, host, path, stack or cause. An error that is not the library's is a 500 without details.
 *
 * @param error - Anything that was thrown.
 *
 * @example
 * ```ts
 * const problem = problemOf(error);
 * Response.json(problem, { status: problem.status, headers: { "content-type": "application/problem+json" } });
 * ```
 */
export function problemOf(error: unknown): Problem {
  if (!isTidemarkError(error) || !isKnown(error.code)) return unknown;
  const { code } = error;
  return isTidemarkError(error, code) ? described(code, error) : unknown;
}

/**
 * Returns the answer itself: `problemOf` as `application/problem+json`, with `Retry-After` where it makes sense to try again, and never stored by a cache.
 *
 * @param error - Anything that was thrown.
 *
 * @example
 * ```ts
 * const handle = async (request: Request): Promise<Response> => {
 *   try {
 *     return Response.json(await readJson(request));
 *   } catch (error) {
 *     return problemResponse(error);
 *   }
 * };
 * ```
 */
export function problemResponse(error: unknown): Response {
  const problem = problemOf(error);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: problemHeaders(problem) });
}

export function problemHeaders({ retryAfter }: Problem): Record<string, string> {
  return {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(retryAfter !== undefined && { "retry-after": `${retryAfter}` }),
  };
}

function isKnown(code: string): code is keyof ErrorByCode {
  return Object.hasOwn(problemAnswers, code);
}

function described<Code extends keyof ErrorByCode>(code: Code, error: ErrorByCode[Code] & TidemarkError): Problem {
  const { status, statusOf, title, detail, facts, retryAfter } = problemAnswers[code];
  const seconds = typeof retryAfter === "function" ? retryAfter(error) : retryAfter;
  return {
    ...facts?.(error),
    type: `${page}#${code.toLowerCase()}`,
    title,
    status: statusOf?.(error) ?? status,
    ...(detail && { detail: detail(error) }),
    code,
    retryable: error.retryable,
    ...(error.retryable && seconds !== undefined && { retryAfter: seconds }),
  };
}
