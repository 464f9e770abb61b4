import { type Backoff, backoffMs } from "../../async/retry.ts";
import { pause } from "../../async/pause.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { NotFoundError } from "../../errors/following.ts";
import { ProjectionCheckFailedError, ProjectionDependentsError, ProjectionNotReadyError } from "../../errors/rebuilding.ts";
import type { ProjectionInfo } from "../projection-info.ts";
import type { SwapOptions } from "./rebuild-options.ts";
import type { SwapRefusal } from "./swap.ts";
import { swapToRegistered, type VersionsScope } from "./versions.ts";

const backoff: Backoff = { firstMs: 40, mostMs: 1_000 };
const defaultTimeoutMs = 30_000;

/** Has a version serve; waits for who is in the way, and for a version that is almost there. */
export async function swapNow(
  scope: VersionsScope,
  info: ProjectionInfo,
  { dependents = "refuse", timeoutMs = defaultTimeoutMs, signal }: SwapOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const swap = await swapToRegistered(scope, info);
  const until = performance.now() + timeoutMs;
  for (let tries = 1; ; tries++) {
    const outcome = await swap.attempt(dependents, signal);
    if (outcome.why === "served") break;
    const leftMs = until - performance.now();
    const passes = outcome.why === "busy" || outcome.why === "snapshots" || (outcome.why === "behind" && (await isFollowed(scope, info)));
    if (!passes || leftMs <= 0) throw refused(info, outcome);
    await pause(Math.min(leftMs, backoffMs(backoff, tries)), signal, { keepsProcess: true });
  }
  await scope.changed();
}

/** Goes back to the version that served before: the last one that did. */
export function versionBefore(name: string, infos: readonly ProjectionInfo[]): ProjectionInfo {
  const before = infos.filter(({ serving, servedUntil }) => !serving && servedUntil !== undefined).toSorted((a, b) => servedMs(b) - servedMs(a))[0];
  if (before) return before;
  throw new ProjectionNotReadyError({ name }, "none", "no other version of it has served, or it was dropped since");
}

function servedMs({ servedUntil }: ProjectionInfo): number {
  return servedUntil?.getTime() ?? 0;
}

/** Whether somebody brings it up to date now. */
async function isFollowed({ context: { database, schema } }: VersionsScope, { name, version }: ProjectionInfo): Promise<boolean> {
  const at = quoteIdentifier(schema);
  const text = `
select exists (
         select
           from ${at}.consumers as c
           join ${at}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
           join ${at}.consumer_leases as l on l.id = s.id
          where c.kind = 'projection' and c.owner_name = $1 and c.owner_version = $2 and not c.paused
            and l.lease_end > pg_catalog.clock_timestamp() and l.state <> 'failed'
       )::text as followed`;
  const [row] = await database.query({ name: "tidemark_version_is_followed", text }, [name, version]);
  return row?.["followed"] === "true";
}

/** What a refusal is to the caller of `swap`, `rollBack` and `rebuild`. */
export function refused(info: Pick<ProjectionInfo, "name" | "version" | "mode">, refusal: SwapRefusal): Error {
  const { name, version, mode } = info;
  const which = `${JSON.stringify(name)}, { version: ${version} }`;
  switch (refusal.why) {
    case "unknown":
      return new NotFoundError("projection", `${name} v${version}`, "It was dropped meanwhile.");
    case "building":
      return new ProjectionNotReadyError(info, "building", "it is still being built; store.projections.get(name) says how far it is");
    case "failed":
      return new ProjectionCheckFailedError(info, refusal.error);
    case "inactive":
      return new ProjectionNotReadyError(
        info,
        "inactive",
        `it is ${refusal.state}, so that nothing writes it: call store.projections.resume(${which}), and then this again`,
      );
    case "behind": {
      const where =
        refusal.tenants.length > 0
          ? ` for ${refusal.tenants.map((tenant) => (tenant === "" ? "the store itself" : `tenant ${JSON.stringify(tenant)}`)).join(", ")}`
          : "";
      const whoFollows = mode === "inline" ? "a store that is opened with it" : "a worker that has it";
      return new ProjectionNotReadyError(
        info,
        "behind",
        `it is behind${where}: ${whoFollows} brings it up to date. Deploy code with its definition, and call this again`,
      );
    }
    case "snapshots":
      return new ProjectionNotReadyError(
        info,
        "snapshots",
        `transactions are open that began before it was ready, and may not find its documents complete: ${refusal.holders.join(", ")}. Let them end, and call this again`,
      );
    case "dependents":
      return new ProjectionDependentsError(info, refusal.dependents);
    case "busy":
      return new ProjectionNotReadyError(info, "busy", `somebody holds what it needs: ${messageOf(refusal.cause)}`, { cause: refusal.cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
