import type { QueryResult } from "../model/calls.ts";
import type { DriverClient } from "../model/driver.ts";
import { Appender } from "../append/appender.ts";
import { joinedAppend } from "../append/joined-append.ts";
import type { MetadataSource } from "../commands/metadata.ts";
import { SnapshotAccess } from "../commands/snapshots/access.ts";
import type { Session } from "../database/database.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { Event } from "../model/event.ts";
import type { CreateProjectionTransaction, ProjectionTransaction } from "../projections/projection.ts";
import type { NewMessage, PublishedMessage } from "../outbox/message.ts";
import { Reader } from "../read/reader.ts";
import { TenantTimers } from "../timers/tenant-timers.ts";
import { StoreReaderWriter, documentReaders, encodeSettings, metadataOf, type StoreContext } from "./store-reader-writer.ts";

/** What the transaction wrote, of which others should hear after its commit. */
interface Written {
  readonly onAppended: () => void;
  readonly onTimerSet?: (inMs: number) => void;
}

/** The store inside one transaction. */
export class Transaction<Events extends Event, Input extends Event = Events>
  extends StoreReaderWriter<Events, Input>
  implements StoreTransaction<Events, Input>
{
  readonly #session: Session;
  readonly #publish: (message: NewMessage) => Promise<PublishedMessage>;

  static {
    keepCallers(this);
  }

  constructor(context: StoreContext, tenant: string, session: Session, metadata: readonly MetadataSource[], { onAppended, onTimerSet = () => {} }: Written) {
    const { options, codec, traced, statements, gate, feed, readStatements, snapshots, timers, outbox, appendCounters } = context;
    // Made at the first append: one correlation id for all of the transaction.
    let sources: readonly MetadataSource[] | undefined;
    const place = { store: traced, tenant };
    const submit = joinedAppend(session, statements, { now: options.now, gate, counters: appendCounters, onWritten: onAppended });
    const reader = new Reader({ queryable: session, statements: readStatements, codec, tenant, mark: () => feed.markWithin(session), place });
    super({
      appender: new Appender({ tenant, codec, settings: encodeSettings(options), submit }),
      reader,
      documents: documentReaders(session, context, tenant),
      metadata: () => (sources ??= metadataOf(options, metadata)()),
      snapshots: new SnapshotAccess(snapshots, tenant, reader, session),
      timers: new TenantTimers({ ...timers, on: session, tenant, enlist: (work) => session.enlist(work), onSet: onTimerSet }),
      place,
      inTransaction: true,
    });
    this.#session = session;
    this.#publish = (message) => outbox.publish(session, tenant, message, onAppended);
  }

  async publish(message: NewMessage): Promise<PublishedMessage> {
    return await this.#publish(message);
  }

  get client(): DriverClient {
    return this.#session.client;
  }

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> {
    return this.#session.userQuery<Row>(text, values);
  }
}

/** The store inside a projection's transaction. */
export class AsyncProjectionTransaction extends Transaction<Event> implements ProjectionTransaction {
  readonly replaying: boolean;

  constructor(
    context: StoreContext,
    tenant: string,
    session: Session,
    metadata: readonly MetadataSource[],
    { onAppended = () => {}, replaying = false }: Parameters<CreateProjectionTransaction>[2] = {},
  ) {
    super(context, tenant, session, metadata, { onAppended });
    this.replaying = replaying;
  }
}

/** The same inside an append's: it would write itself. The append may be of any client, and the handler knows but one form of rows. */
export class InlineProjectionTransaction extends AsyncProjectionTransaction {
  readonly #session: Session;

  constructor(context: StoreContext, tenant: string, session: Session, metadata: readonly MetadataSource[], replaying: boolean) {
    super(context, tenant, session, metadata, { replaying });
    this.#session = session;
  }

  override async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> {
    return this.#session.handlerQuery<Row>(text, values);
  }

  override appendToStream(): Promise<never> {
    return refuseAppend();
  }

  override appendToStreams(): Promise<never> {
    return refuseAppend();
  }

  override append(): Promise<never> {
    return refuseAppend();
  }

  override publish(): Promise<never> {
    return refuseAppend();
  }

  override schedule(): Promise<never> {
    return refuseAppend();
  }
}

async function refuseAppend(): Promise<never> {
  throw new InvalidArgumentError(
    "tx",
    "is of an inline projection, which runs inside an append and may neither append, nor publish, nor set timers; use an async projection or a consumer for that",
  );
}
