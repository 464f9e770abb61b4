import type { Attributes } from "@opentelemetry/api";
import type { Following } from "../tracing/messages.ts";
import type { Api } from "./api.ts";
import { db, messaging, tidemark } from "./attributes.ts";
import { Categories } from "./categories.ts";
import { KeptAttributes } from "./kept-attributes.ts";
import type { ValidInstrumentOptions } from "./options.ts";
import type { SpanPlans } from "./span-plan.ts";
import { contextOf, contextOfAll, linksTo, metadataOf } from "./trace-context.ts";

const nothing: Attributes = {};
const unmeasured = { duration: undefined, attributes: nothing } as const;

/** How each operation becomes a span, by the semantic conventions of messaging and of databases. */
export function spanPlans(api: Api, { handlerParent, streamIds }: ValidInstrumentOptions, store: Attributes): SpanPlans {
  const { SpanKind } = api;
  const categories = new Categories();
  const named = (verb: string, what: string | undefined): string => (what === undefined ? verb : `${verb} ${what}`);
  const streamOf = (id: unknown): Attributes => (streamIds && typeof id === "string" ? { [tidemark.streamId]: id } : nothing);
  // One object for each operation and category: made anew at each, they would cost as much as the rest of a span.
  const sent = new KeptAttributes();
  const sendTo = (operation: "append" | "schedule", streamId: unknown): Attributes => {
    const category = categories.of(streamId);
    return sent.of(`${operation} ${category ?? ""}`, () => ({
      ...store,
      [messaging.system]: "tidemark",
      [messaging.operation]: operation,
      [messaging.operationType]: operation === "append" ? "send" : "create",
      [messaging.destination]: category,
    }));
  };
  const received = new KeptAttributes();
  const receivedBy = (operation: "process" | "checkpoint", { kind, name, shard }: Following): Attributes =>
    received.of(`${operation} ${kind} ${shard} ${name}`, () => ({
      ...store,
      [messaging.system]: "tidemark",
      [messaging.operation]: operation,
      [messaging.operationType]: operation === "process" ? "process" : "settle",
      [messaging.group]: name,
      [messaging.subscription]: name,
      [messaging.partition]: `${shard}`,
      [tidemark.kind]: kind,
    }));
  const asked = new KeptAttributes();
  const askedBy = (operation: string): Attributes => asked.of(operation, () => ({ ...store, [db.system]: "postgresql", [db.operation]: operation }));
  const readOf = (operation: string, streamId: unknown): Attributes => ({
    [db.operation]: operation,
    [db.summary]: named("read", categories.of(streamId)),
  });

  return {
    "tidemark:append": {
      kind: SpanKind.PRODUCER,
      name: ({ streamIds: [first] }) => named("append", categories.of(first)),
      attributes: ({ operation, streamIds: ids, events }) => ({
        ...sendTo("append", ids[0]),
        ...(ids.length === 1 && streamOf(ids[0])),
        [db.operation]: operation,
        [messaging.batchSize]: events > 1 ? events : undefined,
      }),
      carry: (message, context) => {
        const metadata = metadataOf(api, context);
        if (metadata) message.metadata = metadata;
      },
      ended: ({ result }) => {
        const last = result?.streams.at(-1);
        return last ? { [tidemark.version]: last.version, [tidemark.position]: last.position } : nothing;
      },
      measured: ({ streamIds: [first], events }) => ({
        duration: "append",
        count: { as: "sent", events },
        attributes: sendTo("append", first),
      }),
    },
    "tidemark:schedule": {
      kind: SpanKind.PRODUCER,
      name: ({ streamId }) => named("schedule", categories.of(streamId)),
      attributes: ({ streamId }) => ({ ...sendTo("schedule", streamId), ...streamOf(streamId) }),
      carry: (message, context) => {
        const metadata = metadataOf(api, context);
        if (metadata) message.metadata = metadata;
      },
      measured: ({ streamId }) => ({ duration: "append", attributes: sendTo("schedule", streamId) }),
    },
    "tidemark:read": {
      kind: SpanKind.CLIENT,
      name: ({ operation, streamId }) => (streamId === undefined ? operation : named("read", categories.of(streamId))),
      attributes: ({ operation, streamId }) => ({ ...readOf(operation, streamId), ...streamOf(streamId) }),
      ended: ({ result }) => ({ [db.rows]: result?.events }),
      measured: ({ operation }) => ({ duration: "read", attributes: askedBy(operation) }),
    },
    "tidemark:documents": {
      kind: SpanKind.CLIENT,
      name: ({ operation, collection }) => `${operation} ${collection}`,
      attributes: ({ operation, collection }) => ({ [db.operation]: operation, [db.summary]: `${operation} ${collection}`, [db.collection]: collection }),
      ended: ({ result }) => ({ [db.rows]: result?.documents }),
      measured: ({ operation }) => ({ duration: "read", attributes: askedBy(operation) }),
    },
    "tidemark:transaction": {
      kind: SpanKind.CLIENT,
      name: () => "transaction",
      attributes: () => ({ [db.operation]: "transaction" }),
      measured: () => ({ duration: "read", attributes: askedBy("transaction") }),
    },
    "tidemark:command": {
      kind: SpanKind.INTERNAL,
      name: ({ decider, streamId }) => named("command", decider ?? categories.of(streamId)),
      attributes: ({ decider, streamId }) => ({ [tidemark.decider]: decider, ...streamOf(streamId) }),
      ended: ({ result }) => ({ [tidemark.attempts]: result?.attempts, [tidemark.events]: result?.events, [tidemark.position]: result?.position }),
      measured: ({ decider, streamId }) => ({ duration: "command", attributes: { ...store, [tidemark.decider]: decider ?? categories.of(streamId) } }),
    },
    "tidemark:handle": {
      kind: SpanKind.CONSUMER,
      name: ({ name }) => `process ${name}`,
      attributes: ({ events, attempt, ...following }) => {
        const [first] = events;
        const single = events.length === 1 ? first : undefined;
        return {
          ...receivedBy("process", following),
          [messaging.destination]: single?.category,
          [messaging.messageId]: single?.id,
          [messaging.conversationId]: single?.correlationId,
          [messaging.batchSize]: events.length > 1 ? events.length : undefined,
          [tidemark.position]: events.at(-1)?.position,
          [tidemark.attempt]: attempt > 1 ? attempt - 1 : undefined,
          ...streamOf(single?.streamId),
        };
      },
      // The shard's loop runs in whatever context its worker was started in.
      parent: ({ events: [first, ...others] }) =>
        (handlerParent === "event" && first && others.length === 0 ? contextOf(api, first) : undefined) ?? api.ROOT_CONTEXT,
      links: ({ events }) => linksTo(api, events),
      measured: ({ events, attempt: _attempt, ...following }) => ({
        duration: "handle",
        count: { as: "consumed", events: events.length },
        attributes: receivedBy("process", following),
      }),
    },
    "tidemark:checkpoint": {
      kind: SpanKind.CLIENT,
      name: ({ name }) => `checkpoint ${name}`,
      attributes: ({ position, ...following }) => ({ ...receivedBy("checkpoint", following), [tidemark.position]: position }),
      measured: (following) => ({ duration: "append", attributes: receivedBy("checkpoint", following) }),
    },
    "tidemark:project": {
      kind: SpanKind.INTERNAL,
      name: ({ projection }) => `project ${projection}`,
      attributes: ({ projection, version, events }) => ({
        [tidemark.projection]: projection,
        [tidemark.projectionVersion]: version,
        [messaging.batchSize]: events.length > 1 ? events.length : undefined,
        [tidemark.position]: events.at(-1)?.position,
      }),
      // Appends that come at the same time are written together, in the context of none of them.
      parent: ({ events }) => contextOfAll(api, events) ?? api.ROOT_CONTEXT,
      links: ({ events }) => (contextOfAll(api, events) ? [] : linksTo(api, events)),
      measured: () => unmeasured,
    },
    "tidemark:follow": {
      kind: SpanKind.CLIENT,
      name: ({ log }) => `follow ${log}`,
      attributes: ({ log }) => ({ [db.operation]: "follow", [db.summary]: `follow ${log}` }),
      // Whoever began to follow, the page is for all.
      parent: () => api.ROOT_CONTEXT,
      ended: ({ result }) => ({ [db.rows]: result?.events, [tidemark.position]: result?.position }),
      measured: () => ({ duration: "read", attributes: askedBy("follow") }),
    },
    "tidemark:fire": {
      kind: SpanKind.INTERNAL,
      name: () => "fire timers",
      attributes: () => nothing,
      parent: () => api.ROOT_CONTEXT,
      ended: ({ result }) => ({ [tidemark.events]: result?.timers }),
      measured: () => unmeasured,
    },
    "tidemark:issue": {
      kind: SpanKind.INTERNAL,
      name: ({ process }) => `issue ${process}`,
      attributes: ({ process, streamId }) => ({ [tidemark.process]: process, ...streamOf(streamId) }),
      parent: () => api.ROOT_CONTEXT,
      measured: () => unmeasured,
    },
    "tidemark:rebuild": {
      kind: SpanKind.INTERNAL,
      name: ({ operation, projection }) => `${operation} ${projection}`,
      attributes: ({ projection, version }) => ({ [tidemark.projection]: projection, [tidemark.projectionVersion]: version }),
      measured: () => unmeasured,
    },
    "tidemark:migrate": {
      kind: SpanKind.INTERNAL,
      name: () => "migrate",
      attributes: () => nothing,
      measured: () => unmeasured,
    },
  };
}
