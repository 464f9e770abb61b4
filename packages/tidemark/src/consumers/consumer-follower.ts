import { refuseWithoutCatalogue } from "../catalogue/definition-events.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { HandlerFailedError } from "../errors/following.ts";
import type { Follower, FollowerKind } from "../runtime/follower.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import { HandlerContext, type CreateTransaction } from "./context.ts";
import { DeadLetterHooks } from "./dead-letter-hooks.ts";
import { deadLetterStatements } from "./dead-letter-statements.ts";
import type { DefinedConsumer } from "./define-consumer.ts";

export const consumerKind: FollowerKind = {
  name: "consumer",
  stops: "shard",
  resume: "store.consumers.resume",
  findSql: (schema) =>
    `select c.tenant, c.name, null::bigint as absent from ${quoteIdentifier(schema)}.consumers as c where c.tenant = $1 and c.name = $2 and c.kind = 'consumer'`,
};

/** A consumer as the runtime follows the log for it. */
export function consumerFollower(
  context: Pick<WorkerContext, "database" | "schema" | "codec">,
  consumer: DefinedConsumer,
  createTransaction: CreateTransaction,
): Follower {
  const { name, settings } = consumer;
  refuseWithoutCatalogue(context.codec, settings.events, `consumer ${JSON.stringify(name)}`, "definition.consumers");
  const statements = deadLetterStatements(context.schema);
  const reading = { filter: settings.items, as: settings.as };
  const decoder = context.codec.decoder(reading);
  return {
    name,
    kind: consumerKind,
    owner: name,
    filter: settings.filter,
    decoder,
    // A letter that this code does not know stays one: newer code left it.
    decoderApart: context.codec.decoder({ ...reading, skipNothing: true }),
    startAfter: settings.startAfter,
    tenants: settings.tenants,
    shards: settings.shards,
    batchSize: settings.batchSize,
    timeoutMs: settings.timeoutMs,
    retry: settings.retry,
    inBatches: settings.inBatches,
    handle: (events, session) => settings.handle(events, new HandlerContext(session, createTransaction)),
    filterChanged: `consumer ${JSON.stringify(name)} has another filter than before. It counts from the checkpoint on: events behind it that only the new filter lets through are not handled. Set it back with store.consumers.reset, or give the consumer a new name.`,
    firstGivenUp: (tenant, until) => firstDeadLetter(context.database, statements.firstUnsettled, { tenant, name }, until),
    requestPending: (tenant) => retryPending(context.database, statements.retryPending, { tenant, name }),
    createHooks: (shard) => new DeadLetterHooks(context, statements, { settings, filter: decoder.filter }, shard),
  };
}

async function retryPending(
  queryable: Queryable,
  statement: Statement,
  { tenant, name }: { readonly tenant: string; readonly name: string },
): Promise<boolean> {
  const [row] = await queryable.query(statement, [tenant, name]);
  return row?.["pending"] === "true";
}

async function firstDeadLetter(
  queryable: Queryable,
  statement: Statement,
  { tenant, name }: { readonly tenant: string; readonly name: string },
  until: number,
): Promise<HandlerFailedError | undefined> {
  const [letter] = await queryable.query(statement, [tenant, name, until]);
  if (!letter) return undefined;
  return new HandlerFailedError(
    { consumer: name, shard: toSafeInteger(letter["shard"]), position: toSafeInteger(letter["position"]) },
    letter["message"] ?? "it waits behind another event of its stream",
    "It is a dead letter: store.deadLetters.retry or discard settles it.",
    {},
  );
}
