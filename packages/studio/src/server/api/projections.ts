import { isTidemarkError, type ProjectionInfo } from "tidemark";
import type { ProjectionCheckReport, ProjectionLine, ProjectionsReport } from "../../wire/projection-reports.ts";
import { maskedDerived } from "../events/mask.ts";
import { valueText } from "../events/value-text.ts";
import type { ValidOptions } from "../options.ts";
import type { Call, SharedCall } from "./call.ts";
import { numberOf, required } from "./parameters.ts";
import { AbsentError } from "./problem.ts";

/** How many documents a comparison takes, about: more may outlast a request. `tidemark projections check` has no such bound. */
const mostCompared = 1_000;

/** Asked for every two seconds by each tab. */
export function projections({ store, shared }: SharedCall): Promise<ProjectionsReport> {
  return shared.of("projections", 1_000, async () => ({ at: Date.now(), projections: (await store.projections.list()).map(projectionLine) }));
}

function projectionLine(info: ProjectionInfo): ProjectionLine {
  const { name, version, mode, state, serving, servedUntil, position, lag, lastError, failingEvent, collection, changedAt, build } = info;
  return {
    name,
    version,
    mode,
    state,
    serving,
    servedUntil: servedUntil?.getTime() ?? null,
    position,
    lagEvents: lag.events,
    lagMs: Math.round(lag.seconds * 1_000),
    error: lastError?.message ?? null,
    failingEvent: failingEvent?.id ?? null,
    collection: collection ?? null,
    changedAt: changedAt.getTime(),
    build: build
      ? {
          state: build.state,
          swap: build.swap,
          events: build.events,
          total: build.total,
          perSecond: build.perSecond,
          remainingMs: build.remainingMs ?? null,
          startedAt: build.startedAt.getTime(),
          dependents: build.dependents.length,
        }
      : null,
  };
}

/** Compares documents with a fresh fold of the log. Writes nothing. */
export async function projectionCheck({ store, query, signal, options }: Call): Promise<ProjectionCheckReport> {
  const name = required(query, "name");
  const version = numberOf(query, "version", 2_147_483_647);
  const sample = Math.max(1, numberOf(query, "sample", mostCompared) ?? 100);
  const info = (await store.projections.list()).find((other) => other.name === name && (version === undefined ? other.serving : other.version === version));
  if (!info) throw new AbsentError(`There is no projection ${JSON.stringify(name)}${version === undefined ? " that serves" : ` of version ${version}`}.`);
  try {
    const { documents, compared, different, differences } = await store.projections.check(name, { version: info.version, sample, signal });
    const textOf = (id: string, value: unknown): string | null => (value === undefined ? null : shown(id, value, info.collection ?? name, options));
    return {
      kind: "checked",
      documents,
      compared,
      different,
      differences: differences.map(({ id, found, expected }) => ({ id, stored: textOf(id, found), folded: textOf(id, expected) })),
    };
  } catch (error) {
    // The name is right, so it is the definition that is missing, or the documents.
    if (isTidemarkError(error, "INVALID_ARGUMENT") || isTidemarkError(error, "NOT_FOUND")) return { kind: "unknown", detail: error.message };
    throw error;
  }
}

function shown(id: string, value: unknown, collection: string, options: ValidOptions): string {
  return maskedDerived({ kind: "document", name: collection, id }, valueText(value), options).text;
}
