import type * as Client from "@prometheus-io/client";
import { MissingDependencyError } from "../errors/opening.ts";

export type PrometheusClient = Pick<typeof Client, "Counter" | "Gauge" | "Registry">;

/** @throws {@link MissingDependencyError} — `@prometheus-io/client` is not installed. */
export async function loadClient(): Promise<PrometheusClient> {
  try {
    return await import("@prometheus-io/client");
  } catch (error) {
    throw new MissingDependencyError("@prometheus-io/client", "The text format of Prometheus", { cause: error });
  }
}
