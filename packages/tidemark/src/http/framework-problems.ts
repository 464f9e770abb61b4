import { isTidemarkError } from "../errors/errors.ts";
import { type Problem, problemHeaders, problemOf } from "./problem.ts";

/** As much of a response of Express as an answer needs; Node.js's own has it too. */
interface NodeAnswer {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** As much of a reply of Fastify. */
interface FastifyAnswer {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: Uint8Array): unknown;
}

/**
 * Middleware of Express that answers errors of the library with Problem Details. Others go on to `next`. Use it after your routes.
 *
 * @example
 * ```ts
 * const middleware: readonly unknown[] = [expressProblems];
 * ```
 */
export function expressProblems(error: unknown, _request: unknown, response: NodeAnswer, next: (error: unknown) => void): void {
  if (!isTidemarkError(error) || response.headersSent) return next(error);
  answer(response, problemOf(error));
}

/**
 * Error handler of Fastify that answers errors of the library with Problem Details, and throws others for Fastify's own.
 *
 * @example
 * ```ts
 * const set = (app: { setErrorHandler(handler: typeof fastifyProblems): unknown }) => app.setErrorHandler(fastifyProblems);
 * ```
 */
export function fastifyProblems(error: unknown, _request: unknown, reply: FastifyAnswer): void {
  if (!isTidemarkError(error)) throw error;
  const problem = problemOf(error);
  reply.code(problem.status);
  reply.headers(problemHeaders(problem));
  // Of a text, Fastify would change the type.
  reply.send(Buffer.from(JSON.stringify(problem)));
}

function answer(response: NodeAnswer, problem: Problem): void {
  response.statusCode = problem.status;
  for (const [name, value] of Object.entries(problemHeaders(problem))) response.setHeader(name, value);
  response.end(JSON.stringify(problem));
}
