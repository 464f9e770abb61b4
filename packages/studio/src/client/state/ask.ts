import type { ProblemReport } from "../../wire/reports.ts";
import { base, type Parameters, queryOf } from "./place.ts";

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

/** @throws {@link Problem} */
export async function ask<T>(address: string, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address, { signal, headers: { accept: "application/json" } });
  } catch (error) {
    signal.throwIfAborted();
    throw new Problem({ title: "The studio is gone", detail: `Its server does not answer. ${String(error)}`, status: 0, code: "gone" });
  }
  if (response.ok) {
    const report: T = await response.json();
    return report;
  }
  throw new Problem(await problemOf(response));
}

async function problemOf(response: Response): Promise<ProblemReport> {
  const unknown = { title: "The server refused", detail: `It answered with ${response.status}.`, status: response.status, code: "unknown" };
  return response.json().then(
    (report: Partial<ProblemReport>) => ({ ...unknown, ...report }),
    () => unknown,
  );
}
