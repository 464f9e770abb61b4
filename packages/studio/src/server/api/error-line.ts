import type { ErrorLine } from "../../wire/reports.ts";

/** An error that the store has kept. */
export function errorLine(error: { readonly code: string | undefined; readonly message: string } | undefined): ErrorLine | null {
  return error ? { code: error.code ?? null, message: error.message } : null;
}
