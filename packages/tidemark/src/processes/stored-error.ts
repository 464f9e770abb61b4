import { encodeJson } from "../arguments/json.ts";
import { errorDetails } from "../database/error-details.ts";

/** An error as it is kept beside what failed by it. */
export interface StoredError {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  /** Its own properties, as far as they are JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const mostDetails = 16_000;

export function storedError(error: unknown): StoredError {
  const { code, message } = errorDetails(error);
  const details = detailsOf(error);
  return { name: error instanceof Error ? error.name : typeof error, code, message, ...(details && { details }) };
}

function detailsOf(error: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!(error instanceof Error)) return undefined;
  const details: Record<string, unknown> = {};
  let size = 0;
  for (const [key, value] of Object.entries(error)) {
    if (key === "code") continue;
    try {
      const text = encodeJson(value, key);
      size += text.length;
      if (size > mostDetails) break;
      details[key] = JSON.parse(text);
    } catch {
      // No JSON: it is left out.
    }
  }
  return Object.keys(details).length === 0 ? undefined : details;
}

/** The error again, for an `orElse` that is called where another process had called it: its name, code, message and details, of no class. */
export function errorAgain({ name, code, message, details }: StoredError): Error {
  const error = Object.assign(new Error(message), details, code === null ? {} : { code });
  Object.defineProperty(error, "name", { value: name, configurable: true, enumerable: false, writable: true });
  return error;
}
