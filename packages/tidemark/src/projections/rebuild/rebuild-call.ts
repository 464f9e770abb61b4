import { pause } from "../../async/pause.ts";
import { functionName } from "../../schema/function-set.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { NotFoundError } from "../../errors/following.ts";
import { ProjectionBuildFailedError, ProjectionDependentsError, ProjectionServingError } from "../../errors/rebuilding.ts";
import type { Worker } from "../../runtime/worker.ts";
import { DefinedDocumentProjection } from "../defined-projection.ts";
import type { ProjectionInfo } from "../projection-info.ts";
import type { RebuildOptions, RebuildProgress } from "./rebuild-options.ts";
import { undivided } from "./split-build.ts";
import { refused } from "./swap-call.ts";
import { definitionOf, swapToRegistered, type VersionsScope } from "./versions.ts";

const lookMs = 200;
/** So often a version is looked at that is built and a little behind: processes with old code may leave it behind again and again. */
const mostLooks = 10;

/** What it needs of the other calls. */
export interface RebuildCalls {
  readonly get: () => Promise<ProjectionInfo>;
  /** Ends a pause. */
  readonly resume: () => Promise<void>;
}

/**
 * Asks for the build of a version, has a worker here for it unless somebody follows it, and watches until it serves, or with `swap: "manual"`
 * until it could.
 */
export async function rebuildVersion(scope: VersionsScope, first: ProjectionInfo, options: RebuildOptions, calls: RebuildCalls): Promise<ProjectionInfo> {
  const { swap: when = "auto", dependents = "refuse", onProgress, signal } = options;
  signal?.throwIfAborted();
  // Whoever builds versions by themselves, a worker or another call, may have been first.
  if (first.serving && first.build) {
    onProgress?.(progressOf(first.build));
    return first;
  }
  if (first.serving)
    throw new ProjectionServingError(
      first,
      "It cannot be built anew in place: raise the version in its definition, which is then built beside this one. To repair one document, use store.projections.rebuildDocument.",
    );
  refuseParts(scope, first, options);
  await ask(scope, first, options);
  if (first.state === "inactive" || first.state === "paused") await calls.resume();
  const swap = await swapToRegistered(scope, first);
  let worker: Worker | undefined;
  try {
    let waitingFor: readonly string[] = [];
    for (let known = dependents === "keep", behind = 0; ;) {
      const info = await calls.get();
      if (info.serving) {
        if (info.build) onProgress?.(progressOf(info.build));
        return info;
      }
      if (!known && info.build && info.build.dependents.length > 0) throw new ProjectionDependentsError(info, info.build.dependents);
      known = true;
      // Its failure says more than that nothing goes on.
      if (info.state === "failed" && info.build?.state !== "failed")
        throw new ProjectionBuildFailedError(info, info.failingEvent?.position, info.lastError?.message ?? "it is not known why");
      if (info.build) onProgress?.(progressOf(info.build, waitingFor));
      const outcome = when === "auto" ? await swap.attempt(dependents, signal) : await swap.refusal();
      waitingFor = outcome?.why === "snapshots" ? outcome.holders : [];
      if (outcome === undefined || outcome.why === "served") {
        const done = await calls.get();
        if (done.build) onProgress?.(progressOf(done.build));
        return done;
      }
      if (outcome.why === "failed" || outcome.why === "dependents" || outcome.why === "unknown" || outcome.why === "inactive") throw refused(info, outcome);
      if (when === "manual" && outcome.why === "behind" && info.build?.state === "ready" && ++behind > mostLooks) return info;
      worker ??= await workerFor(scope, info);
      await pause(lookMs, signal, { keepsProcess: true });
    }
  } finally {
    await worker?.stop();
  }
}

/** What is known before the first event. @throws {@link InvalidArgumentError} */
function refuseParts(scope: VersionsScope, info: ProjectionInfo, { parallel = 1 }: RebuildOptions): void {
  if (parallel === 1) return;
  const definition = definitionOf(scope, info);
  const why =
    info.collection === undefined
      ? "its handlers see the events in the order of the log"
      : definition instanceof DefinedDocumentProjection
        ? undivided(definition)
        : undefined;
  if (why === undefined) return;
  const which = `${JSON.stringify(info.name)} (version ${info.version})`;
  throw new InvalidArgumentError("options.parallel", `is ${parallel}, but ${which} cannot be built in parts: ${why}. Leave the option out`);
}

async function ask(
  { context: { database, schema }, tenant }: VersionsScope,
  { name, version }: ProjectionInfo,
  { swap, check, eventsPerSecond, parallel }: RebuildOptions,
): Promise<void> {
  const text = `select ${functionName(schema, "ask_for_build")}($1, $2, $3, $4, $5, $6, $7)::text`;
  const values = [name, version, tenant, swap ?? "auto", check ?? null, eventsPerSecond ?? null, parallel ?? null];
  await database.query({ name: "tidemark_ask_for_build", text }, values);
}

/** One of its own where nobody follows it. Undefined: somebody does. */
async function workerFor(scope: VersionsScope, info: ProjectionInfo): Promise<Worker | undefined> {
  if (info.state !== "stopped") return undefined;
  const definition = definitionOf(scope, info);
  if (!definition)
    throw new NotFoundError(
      "definition of projection",
      `${info.name} v${info.version}`,
      "Nobody follows it, and this store was opened without it: pass it to openEventStore.",
    );
  // The store itself follows its inline ones: from its next heartbeat on, where that was too early.
  if (definition.mode === "inline") return undefined;
  const worker = scope.createWorker(definition);
  await worker.start();
  return worker;
}

function progressOf(
  { state, events, total, perSecond, remainingMs }: NonNullable<ProjectionInfo["build"]>,
  waitingFor: readonly string[] = [],
): RebuildProgress {
  return { state: state === "failed" ? "building" : state, events, total, perSecond, remainingMs, waitingFor };
}
