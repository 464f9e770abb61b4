import { changeHeader, type ChangeDone, type ChangePlan, type ChangeRequest } from "../../wire/changes.ts";
import type { Parameters, Question } from "../../wire/questions.ts";
import type { ProblemReport } from "../../wire/reports.ts";
import { base, queryOf } from "./place.ts";

/** Why the server gave nothing. */
export class Problem extends Error {
  readonly report: ProblemReport;

  constructor(report: ProblemReport) {
    super(report.detail);
    this.report = report;
  }
}

/** The address of a call. */
export function apiOf(call: string, parameters: Parameters = {}): string {
  return `${base}/api/${call}${queryOf(parameters)}`;
}

/** The address of a question. The server has the browser ask the first ones of a page before this script is there, by this address. */
export function addressOf(question: Question): string {
  return apiOf(...question);
}

/** @throws {@link Problem} */
export async function ask<T>(address: string, signal: AbortSignal): Promise<T> {
  const response = await send(address, { signal });
  const report: T = await response.json();
  return report;
}

/** Without a confirmation, asks what a change would do. @throws {@link Problem} */
export async function askForChange(name: string, request: ChangeRequest): Promise<ChangePlan & ChangeDone> {
  const headers = { "content-type": "application/json", [changeHeader.name]: changeHeader.value };
  const response = await send(apiOf(`changes/${name}`), { method: "POST", headers, body: JSON.stringify(request) });
  const answer: ChangePlan & ChangeDone = await response.json();
  return answer;
}

/** An answer that says yes. @throws {@link Problem} */
export async function send(address: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    init.signal?.throwIfAborted();
    throw new Problem({ title: "The studio is gone", detail: `Its server does not answer. ${String(error)}`, status: 0, code: "gone" });
  }
  if (response.ok) return response;
  throw new Problem(await problemOf(response));
}

/** What was thrown, for the page. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem({ title: "The answer makes no sense", detail: String(error), status: 0, code: "unreadable" });
}

async function problemOf(response: Response): Promise<ProblemReport> {
  const unknown = { title: "The server refused", detail: `It answered with ${response.status}.`, status: response.status, code: "unknown" };
  return response.json().then(
    (report: Partial<ProblemReport>) => ({ ...unknown, ...report }),
    () => unknown,
  );
}
