import { retry } from "../async/retry.ts";
import { checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkDocumentId, checkProjectionName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { didYouMean } from "../arguments/suggest.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { NotFoundError } from "../errors/following.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { CallOptions } from "../model/calls.ts";
import { followerOf } from "./defined-projection.ts";
import { changeProjectionStatement, type RegistryState } from "./registry.ts";
import { type ProjectionInfo, projectionInfo, projectionsStatement } from "./projection-info.ts";

import { checkProjection } from "./rebuild/check-call.ts";
import type { DocumentCheck } from "./rebuild/check-documents.ts";
import { dropVersion } from "./rebuild/drop-call.ts";
import { documentsOf } from "./rebuild/documents-of.ts";
import { DocumentRebuild, type RebuiltDocument } from "./rebuild/rebuild-document.ts";
import { rebuildVersion } from "./rebuild/rebuild-call.ts";
import {
  checkCheck,
  type CheckOptions,
  checkDrop,
  checkRebuild,
  checkRebuildDocument,
  checkSwap,
  checkVersion,
  type DropOptions,
  type RebuildDocumentOptions,
  type RebuildOptions,
  type SwapOptions,
} from "./rebuild/rebuild-options.ts";
import { swapNow, versionBefore } from "./rebuild/swap-call.ts";
import { newestDefined, type VersionsScope } from "./rebuild/versions.ts";
import type { Rebuilding } from "../tracing/messages.ts";
import { done, rebuilding } from "../tracing/operations.ts";

/**
 * Which version of a projection.
 *
 * @example
 * ```ts
 * const options: ProjectionVersion = { version: 1 };
 * await store.projections.get("cart-summary", options);
 * ```
 */
export interface ProjectionVersion {
  /** @defaultValue the newest that is registered */
  readonly version?: number;
}

/**
 * The projections that a store knows, from all applications. Each call with a name rejects with `NotFoundError` if no projection has
 * that name. A change affects appends of every process at once, and workers at their next heartbeat, at most a third of a lease later.
 *
 * @example
 * ```ts
 * const projections: Projections = store.projections;
 * const { state } = await projections.get("cart-summary");
 * ```
 */
export interface Projections {
  /**
   * Lists all of them, by name and version. The position of an async one is that of this tenant's worker.
   *
   * @param options.signal - Ends the call, and cancels its query on the server.
   */
  list(options?: CallOptions): Promise<readonly ProjectionInfo[]>;
  /** Returns one version. @param options.signal - Ends the call, and cancels its query on the server. */
  get(name: string, options?: ProjectionVersion & CallOptions): Promise<ProjectionInfo>;
  /**
   * Pauses it until `resume`: nothing writes it, and it stays as it is. An inline one pauses when no append to it is in flight. If a
   * transaction that wrote it stays open, this waits, and rejects after 30 s with 55P03 and that transaction's name.
   */
  pause(name: string, options?: ProjectionVersion): Promise<void>;
  /** Ends a pause or a deactivation, and brings the projection up to date. If it stopped at an event, it continues with that event. */
  resume(name: string, options?: ProjectionVersion): Promise<void>;
  /** Like `pause`, for a projection that is no longer needed: stores without it are not warned about it. Its documents stay. */
  deactivate(name: string, options?: ProjectionVersion): Promise<void>;
  /**
   * Builds a version beside the one that serves, unless it is built already, and resolves once it serves, or with `swap: "manual"` once it could.
   * A store or worker with the definition builds it; where none does, this store does meanwhile, if it was opened with it. Called twice, by
   * many processes, it runs once; where the version was built and serves, it resolves at once. Where the process ends, it goes on from where
   * it was with the next that knows the version.
   *
   * @throws {@link ProjectionServingError} — the version serves, and was not built beside another: raise it.
   * @throws {@link ProjectionDependentsError} — views, foreign keys and such hang on the table of the version that serves.
   * @throws {@link ProjectionBuildFailedError} — it stopped at an event.
   * @throws {@link ProjectionCheckFailedError} — the log makes other documents than those that it holds.
   */
  rebuild(name: string, options?: RebuildOptions): Promise<ProjectionInfo>;
  /**
   * Has a version serve that is built and up to date, in one transaction: readers of the collection see the documents of one version or of the
   * other, appends wait at most 200 ms. The version that served stays as it is, and is written as long as processes know it. Resolves at once
   * where the version serves already.
   *
   * @throws {@link ProjectionNotReadyError} — it is still being built, behind, or blocked by another transaction for the whole time.
   * @throws {@link ProjectionDependentsError}
   * @throws {@link ProjectionCheckFailedError}
   */
  swap(name: string, options?: SwapOptions): Promise<ProjectionInfo>;
  /**
   * Has the version serve again that served before: the same as `swap`, as fast. The version that it replaces does not come to serve by itself any
   * more.
   *
   * @throws {@link ProjectionNotReadyError} — there is none, or it is behind and nothing follows it.
   * @throws {@link ProjectionDependentsError}
   */
  rollBack(name: string, options?: SwapOptions): Promise<ProjectionInfo>;
  /**
   * Removes a version that does not serve, for good: its documents, its place in the log, its build, also one that goes on; `teardown` of its
   * definition runs. A process that still has the definition registers it again when it opens a store, and builds it.
   *
   * @throws {@link ProjectionServingError}
   * @throws {@link ProjectionDependentsError} — something of yours hangs on its table.
   * @throws {@link InvalidArgumentError} — its definition has a `teardown`, and this store was opened without it.
   */
  drop(name: string, version: number, options?: DropOptions): Promise<void>;
  /**
   * Folds the events of one document of this tenant anew, and writes what comes of them if something else is stored: for a document that was
   * changed by hand, or by code that is mended since. `documentId` is asked of every event that the projection handles, so the log is read.
   * Safe beside appends and workers, which wait only while its last events are read. Of a projection that many documents are wrong of,
   * raise the version instead.
   *
   * @throws {@link InvalidArgumentError} — it has no documents, or this store was opened without its definition.
   * @throws {@link ProjectionFailedError} — an event cannot be folded, or a unique index refuses the document. Nothing was changed.
   * @throws {@link StaleDocumentsError} — this version is being built.
   */
  rebuildDocument(name: string, id: string, options?: RebuildDocumentOptions): Promise<RebuiltDocument>;
  /**
   * Compares documents with a fresh fold of the log up to where they are: a sample, by a hash of their ids, or all of them. Changes nothing,
   * nothing waits for it, and it may run beside appends and workers. `different` is 0 where all of them are what the log makes.
   *
   * @throws {@link InvalidArgumentError} — it has no documents, or this store was opened without its definition.
   * @throws {@link NotFoundError} — no worker has followed it for this tenant.
   * @throws {@link ProjectionFailedError} — an event cannot be folded.
   */
  check(name: string, options?: CheckOptions): Promise<DocumentCheck>;
}

const versionShape = { version: wholeNumber(1, 2_147_483_647) };
const patienceMs = 30_000;

export class StoreProjections implements Projections {
  readonly #scope: VersionsScope;

  static {
    keepCallers(this);
  }

  constructor(scope: VersionsScope) {
    this.#scope = scope;
  }

  async list(options?: CallOptions): Promise<readonly ProjectionInfo[]> {
    const { signal } = checkOptions(options, { signal: checkSignal });
    const statement = projectionsStatement(this.#scope.context.schema, "list", "true");
    const rows = await this.#scope.context.database.query(statement, [this.#scope.tenant], { signal });
    return rows.map((row) => projectionInfo(row["projection"] ?? "{}"));
  }

  async get(name: string, options?: ProjectionVersion & CallOptions): Promise<ProjectionInfo> {
    return await this.#info(name, checkOptions(options, { ...versionShape, signal: checkSignal }));
  }

  async #info(
    name: string,
    { version, signal }: { readonly version?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<ProjectionInfo> {
    const checked = checkProjectionName(name, "name");
    const statement = projectionsStatement(this.#scope.context.schema, "get", "p.name = $2");
    const rows = await this.#scope.context.database.query(statement, [this.#scope.tenant, checked], { signal });
    const infos = rows.map((row) => projectionInfo(row["projection"] ?? "{}"));
    const info = version === undefined ? infos.at(-1) : infos.find((candidate) => candidate.version === version);
    if (!info) throw await this.#notFound(checked, version);
    return info;
  }

  async pause(name: string, options?: ProjectionVersion): Promise<void> {
    await this.#change(await this.#info(name, checkOptions(options, versionShape)), "paused");
  }

  async resume(name: string, options?: ProjectionVersion): Promise<void> {
    // A shard that has just failed may not have told the database yet, and change_projection() looks there.
    await this.#scope.changed();
    const info = await this.#info(name, checkOptions(options, versionShape));
    if (info.mode === "inline" && info.state === "live") return;
    await this.#change(info, info.mode === "inline" ? "behind" : "following");
  }

  async deactivate(name: string, options?: ProjectionVersion): Promise<void> {
    await this.#change(await this.#info(name, checkOptions(options, versionShape)), "inactive");
  }

  async rebuild(name: string, options?: RebuildOptions): Promise<ProjectionInfo> {
    const checked = checkRebuild(options);
    const version = checked.version ?? newestDefined(this.#scope, name);
    const get = (): Promise<ProjectionInfo> => this.get(name, version === undefined ? {} : { version });
    const resume = (): Promise<void> => this.resume(name, version === undefined ? {} : { version });
    return await this.#trace("rebuild", name, version, async () => await rebuildVersion(this.#scope, await get(), checked, { get, resume }));
  }

  async swap(name: string, options?: SwapOptions): Promise<ProjectionInfo> {
    const { version, ...checked } = checkSwap(options);
    const info = await this.get(name, version === undefined ? {} : { version });
    if (!info.serving) await this.#trace("swap", name, info.version, () => swapNow(this.#scope, info, checked));
    return await this.get(name, { version: info.version });
  }

  async rollBack(name: string, options?: SwapOptions): Promise<ProjectionInfo> {
    const { version, ...checked } = checkSwap(options);
    // Rejects where there is no such projection.
    await this.get(name);
    const info =
      version === undefined ? versionBefore(name, await this.list().then((all) => all.filter((one) => one.name === name))) : await this.get(name, { version });
    if (!info.serving) await this.#trace("rollBack", name, info.version, () => swapNow(this.#scope, info, checked));
    return await this.get(name, { version: info.version });
  }

  async drop(name: string, version: number, options?: DropOptions): Promise<void> {
    const checked = checkDrop(options);
    const info = await this.get(name, { version: checkVersion(version) });
    await dropVersion(this.#scope, info, checked, () => this.#change(info, "inactive"));
  }

  async rebuildDocument(name: string, id: string, options?: RebuildDocumentOptions): Promise<RebuiltDocument> {
    const { version, signal } = checkRebuildDocument(options);
    const of = { tenant: this.#scope.tenant, id: checkDocumentId(id, "id"), signal };
    return await this.#trace("rebuildDocument", name, version, async () =>
      new DocumentRebuild(this.#scope.context, documentsOf(this.#scope, await this.#serving(name, version)), of).run(),
    );
  }

  async check(name: string, options?: CheckOptions): Promise<DocumentCheck> {
    const { version, sample, signal } = checkCheck(options);
    return await this.#trace("check", name, version, async () => {
      const definition = documentsOf(this.#scope, await this.#serving(name, version));
      return await checkProjection(this.#scope.context, definition, { tenant: this.#scope.tenant, sample, signal });
    });
  }

  #trace<T>(operation: Rebuilding["operation"], projection: string, version: number | undefined, work: () => Promise<T>): Promise<T> {
    const place = { store: this.#scope.context.traced, tenant: this.#scope.tenant };
    return rebuilding.trace(place, () => ({ operation, projection, ...(version !== undefined && { version }) }), work, done);
  }

  /** The version that serves, unless another one is meant. */
  async #serving(name: string, version: number | undefined): Promise<ProjectionInfo> {
    // Rejects where there is none, and says which there are.
    const info = await this.get(name, version === undefined ? {} : { version });
    return version === undefined ? ((await this.list()).find((one) => one.name === name && one.serving) ?? info) : info;
  }

  async #change(info: ProjectionInfo, state: RegistryState): Promise<void> {
    const { database, schema, progress } = this.#scope.context;
    const statement = changeProjectionStatement(schema);
    await retry(() => database.query(statement, [info.name, info.version, state, null]), {
      firstMs: 40,
      mostMs: 1_000,
      withinMs: patienceMs,
      retryable: (error) => isTidemarkError(error, "DATABASE") && error.sqlState === "55P03",
    });
    progress.moved(this.#scope.tenant, followerOf(info));
    await this.#scope.changed();
  }

  async #notFound(name: string, version: number | undefined): Promise<NotFoundError> {
    const known = await this.list();
    const versions = known.filter((projection) => projection.name === name).map((projection) => projection.version);
    if (versions.length > 0) return new NotFoundError("projection", `${name} v${version}`, `There is version ${versions.join(", ")}.`);
    const suggestion = didYouMean(
      name,
      known.map((projection) => projection.name),
    );
    const hint =
      suggestion === "" ? "A projection is known once a store was opened with it; store.projections.list() names them." : suggestion.replace("; d", "D");
    return new NotFoundError("projection", name, hint);
  }
}
