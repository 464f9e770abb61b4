import { createRequire } from "node:module";
import type * as OpenTelemetry from "@opentelemetry/api";
import { MissingDependencyError } from "../errors/opening.ts";

/** The parts of `@opentelemetry/api` that are used. */
export type Api = Pick<typeof OpenTelemetry, "context" | "metrics" | "propagation" | "ROOT_CONTEXT" | "SpanKind" | "SpanStatusCode" | "trace">;

/**
 * The API as the application has it. All copies of it share what is registered with one of them, so that it does not matter which one this is.
 *
 * @throws {@link MissingDependencyError} — `@opentelemetry/api` is not installed.
 */
export function loadApi(): Api {
  try {
    const api: Api = createRequire(import.meta.url)("@opentelemetry/api");
    return api;
  } catch (error) {
    throw new MissingDependencyError("@opentelemetry/api", "Tracing with OpenTelemetry", { cause: error });
  }
}
