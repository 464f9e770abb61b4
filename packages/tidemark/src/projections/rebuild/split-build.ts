import type { Statement } from "../../database/database.ts";
import { quotedTable } from "../../documents/collection.ts";
import type { ShardAccess } from "../../runtime/follower.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";
import { functionName } from "../../schema/function-set.ts";
import { type DefinedDocumentProjection, followerOf } from "../defined-projection.ts";

/** An event changes a document that is not named after its stream: two parts would make that document. */
export class SharedDocument extends Error {
  constructor(streamId: string, documentId: string) {
    super(`an event of stream ${JSON.stringify(streamId)} changes the document ${JSON.stringify(documentId)}`);
  }
}

/** Why a definition cannot be built in parts, as far as it tells itself. Undefined: its events decide. */
export function undivided({ indexes }: Pick<DefinedDocumentProjection, "indexes">): string | undefined {
  // A value may go from one document to another: parts that are at two places in the log would both have it.
  return indexes.some(({ unique }) => unique) ? "it has a unique index" : undefined;
}

/**
 * A build in parts. Its follower has a shard for each of them for as long as it takes to fold the log up to one place; there they become one shard again,
 * which goes on. So leases share the parts among workers, and fences guard what each writes, as with the shards of a consumer.
 *
 * That makes the same documents only where each is named after a stream and made of its events alone. A part that finds this untrue gives up all of
 * them: the documents are deleted, and the build begins anew in one part.
 */
export class SplitBuild {
  readonly #context: Pick<WorkerContext, "database" | "statements" | "logger">;
  readonly #projection: DefinedDocumentProjection;
  readonly #split: Statement;
  readonly #rejoin: Statement;
  readonly #keepWhole: Statement;
  readonly #clear: Statement;

  constructor(context: Pick<WorkerContext, "database" | "schema" | "statements" | "logger">, projection: DefinedDocumentProjection) {
    const { schema } = context;
    this.#context = context;
    this.#projection = projection;
    const named = (name: string, text: string): Statement => ({ name: `tidemark_${name}`, text });
    this.#split = named("split_build", `select ${functionName(schema, "split_build")}($1, $2::integer, $3, $4, $5::text::boolean)::text`);
    this.#rejoin = named("rejoin_build", `select ${functionName(schema, "rejoin_build")}($1, $2::integer, $3, $4, $5::integer, $6::bigint)::text`);
    this.#keepWhole = named("keep_build_whole", `select ${functionName(schema, "ask_for_build")}($1, $2::integer, $3, null, null, null, 1)::text`);
    this.#clear = named("clear_documents", `delete from ${quotedTable(schema, projection)} as d where $1::text is null or d._partition = $1`);
  }

  /**
   * Splits it. The shard ends with that, and whoever takes the new ones goes on. False: it is to stay whole.
   *
   * @param empty - Whether its table has no documents.
   */
  async split(shard: ShardAccess, empty: boolean): Promise<boolean> {
    const { database, statements } = this.#context;
    const why = undivided(this.#projection);
    if (why !== undefined) {
      await database.query(this.#keepWhole, [...this.#version, shard.tenant]);
      this.#tell(why);
      return false;
    }
    const { checkpoint, leaseMs } = shard;
    const { id, fence } = checkpoint.shard;
    await database.transaction(
      async (session) => {
        await checkpoint.guard(() => session.query(statements.enter, [id, fence]));
        await session.query(this.#split, [...this.#version, shard.tenant, followerOf(this.#projection), String(empty)]);
      },
      { idleTimeoutMs: leaseMs },
    );
    return true;
  }

  /** Begins anew in one part. All shards end with that. */
  async rejoin(shard: ShardAccess, { message }: SharedDocument | Error): Promise<void> {
    const { checkpoint, tenant, leaseMs } = shard;
    const { id, fence } = checkpoint.shard;
    await this.#context.database.transaction(
      async (session) => {
        await checkpoint.guard(() => session.query(this.#rejoin, [...this.#version, tenant, followerOf(this.#projection), id, fence]));
        await session.query(this.#clear, [this.#projection.tenants === "all" ? null : tenant], { timeoutMs: 0 });
      },
      { idleTimeoutMs: leaseMs },
    );
    this.#tell(message);
  }

  get #version(): readonly [string, number] {
    return [this.#projection.name, this.#projection.version];
  }

  #tell(why: string): void {
    const { name, version } = this.#projection;
    this.#context.logger.warn(`tidemark: projection ${JSON.stringify(name)} (version ${version}) is built in one part, not in several: ${why}.`);
  }
}
