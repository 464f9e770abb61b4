import type { Attributes } from "@opentelemetry/api";
import type { Api } from "./api.ts";
import { db, messaging, tidemark } from "./attributes.ts";
import { Categories } from "./categories.ts";
import { Descriptions, named, type StoreAttributes, withMore } from "./descriptions.ts";
import type { ValidInstrumentOptions } from "./options.ts";
import type { SpanPlans } from "./span-plan.ts";
import { contextOf, contextOfAll, linksTo, metadataOf } from "./trace-context.ts";

const nothing: Attributes = {};

/** How each operation becomes a span, by the semantic conventions of messaging and of databases. */
export function spanPlans(api: Api, { handlerParent, streamIds }: ValidInstrumentOptions, store: StoreAttributes): SpanPlans {
  const { SpanKind } = api;
  const categories = new Categories();
  const told = new Descriptions(store, categories);
  const streamOf = (id: unknown): Attributes => (streamIds && typeof id === "string" ? { [tidemark.streamId]: id } : nothing);

  return {
    "tidemark:append": {
      kind: SpanKind.PRODUCER,
      describe: ({ operation, streamIds: ids, events }) => {
        const kept = told.append(operation, ids[0]);
        if (events <= 1 && !streamIds) return kept;
        return withMore(kept, { ...(ids.length === 1 && streamOf(ids[0])), ...(events > 1 && { [messaging.batchSize]: events }) });
      },
      events: ({ events }) => events,
      carry: (message, context) => {
        const metadata = metadataOf(api, context);
        if (metadata) message.metadata = metadata;
      },
      ended: ({ result }) => {
        const last = result?.streams.at(-1);
        return last ? { [tidemark.version]: last.version, [tidemark.position]: last.position } : nothing;
      },
    },
    "tidemark:schedule": {
      kind: SpanKind.PRODUCER,
      describe: ({ streamId }) => (streamIds ? withMore(told.schedule(streamId), streamOf(streamId)) : told.schedule(streamId)),
      carry: (message, context) => {
        const metadata = metadataOf(api, context);
        if (metadata) message.metadata = metadata;
      },
    },
    "tidemark:read": {
      kind: SpanKind.CLIENT,
      describe: ({ operation, streamId }) => (streamIds ? withMore(told.read(operation, streamId), streamOf(streamId)) : told.read(operation, streamId)),
      ended: ({ result }) => ({ [db.rows]: result?.events }),
    },
    "tidemark:documents": {
      kind: SpanKind.CLIENT,
      describe: ({ operation, collection }) =>
        told.of(
          `${operation} ${collection}`,
          { [db.operation]: operation, [db.summary]: `${operation} ${collection}`, [db.collection]: collection },
          told.askedBy(operation),
        ),
      ended: ({ result }) => ({ [db.rows]: result?.documents }),
    },
    "tidemark:transaction": {
      kind: SpanKind.CLIENT,
      describe: () => told.of("transaction", { [db.operation]: "transaction" }, told.askedBy("transaction")),
    },
    "tidemark:command": {
      kind: SpanKind.INTERNAL,
      describe: ({ decider, streamId }) => {
        const by = decider ?? categories.of(streamId);
        return told.of(named("command", by), { [tidemark.decider]: decider, ...streamOf(streamId) }, told.commandedBy(by));
      },
      ended: ({ result }) => ({ [tidemark.attempts]: result?.attempts, [tidemark.events]: result?.events, [tidemark.position]: result?.position }),
    },
    "tidemark:handle": {
      kind: SpanKind.CONSUMER,
      describe: (message) => {
        const { name, events, attempt } = message;
        const [first] = events;
        const single = events.length === 1 ? first : undefined;
        const measured = told.receivedBy("process", message);
        const own = {
          ...measured.attributes,
          [messaging.destination]: single?.category,
          [messaging.messageId]: single?.id,
          [messaging.conversationId]: single?.correlationId,
          [messaging.batchSize]: events.length > 1 ? events.length : undefined,
          [tidemark.position]: events.at(-1)?.position,
          [tidemark.attempt]: attempt > 1 ? attempt - 1 : undefined,
          ...streamOf(single?.streamId),
        };
        return told.of(`process ${name}`, own, measured);
      },
      events: ({ events }) => events.length,
      // The shard's loop runs in whatever context its worker was started in.
      parent: ({ events: [first, ...others] }) =>
        (handlerParent === "event" && first && others.length === 0 ? contextOf(api, first) : undefined) ?? api.ROOT_CONTEXT,
      links: ({ events }) => linksTo(api, events),
    },
    "tidemark:checkpoint": {
      kind: SpanKind.CLIENT,
      describe: (message) => {
        const measured = told.receivedBy("checkpoint", message);
        return told.of(`checkpoint ${message.name}`, { ...measured.attributes, [tidemark.position]: message.position }, measured);
      },
    },
    "tidemark:project": {
      kind: SpanKind.INTERNAL,
      describe: ({ projection, version, events }) =>
        told.of(`project ${projection}`, {
          [tidemark.projection]: projection,
          [tidemark.projectionVersion]: version,
          [messaging.batchSize]: events.length > 1 ? events.length : undefined,
          [tidemark.position]: events.at(-1)?.position,
        }),
      // Appends that come at the same time are written together, in the context of none of them.
      parent: ({ events }) => contextOfAll(api, events) ?? api.ROOT_CONTEXT,
      links: ({ events }) => (contextOfAll(api, events) ? [] : linksTo(api, events)),
    },
    "tidemark:follow": {
      kind: SpanKind.CLIENT,
      describe: ({ log }) => told.of(`follow ${log}`, { [db.operation]: "follow", [db.summary]: `follow ${log}` }, told.askedBy("follow")),
      // Whoever began to follow, the page is for all.
      parent: () => api.ROOT_CONTEXT,
      ended: ({ result }) => ({ [db.rows]: result?.events, [tidemark.position]: result?.position }),
    },
    "tidemark:fire": {
      kind: SpanKind.INTERNAL,
      describe: () => told.of("fire timers", nothing),
      parent: () => api.ROOT_CONTEXT,
      ended: ({ result }) => ({ [tidemark.events]: result?.timers }),
    },
    "tidemark:issue": {
      kind: SpanKind.INTERNAL,
      describe: ({ process, streamId }) => told.of(`issue ${process}`, { [tidemark.process]: process, ...streamOf(streamId) }),
      parent: () => api.ROOT_CONTEXT,
    },
    "tidemark:rebuild": {
      kind: SpanKind.INTERNAL,
      describe: ({ operation, projection, version }) =>
        told.of(`${operation} ${projection}`, { [tidemark.projection]: projection, [tidemark.projectionVersion]: version }),
    },
    "tidemark:migrate": {
      kind: SpanKind.INTERNAL,
      describe: () => told.of("migrate", nothing),
    },
  };
}
