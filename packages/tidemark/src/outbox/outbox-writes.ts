import type { Session, Statement } from "../database/database.ts";
import { functionName } from "../schema/function-set.ts";
import { encodeMessage, type MessageSettings } from "./encode-message.ts";
import type { NewMessage, PublishedMessage } from "./message.ts";

/** Writes messages in a transaction: they are there for relays once it commits, and never if it does not. */
export class OutboxWrites {
  readonly #statement: Statement;
  readonly #settings: MessageSettings;

  constructor(schema: string, settings: MessageSettings) {
    this.#settings = settings;
    this.#statement = {
      name: "tidemark_outbox_publish",
      text: `select ${functionName(schema, "publish_message")}($1, $2::uuid, $3, $4, $5, $6)::text as position`,
    };
  }

  /** @param onWritten - Called when there is something for relays. */
  async publish(session: Session, tenant: string, message: NewMessage, onWritten: () => void): Promise<PublishedMessage> {
    const { id, topic, key, payload, headers } = encodeMessage(message, this.#settings);
    // Its failure fails the transaction, also where nobody awaits it.
    const [row] = await session.enlist(session.query(this.#statement, [tenant, id, topic, key, payload, headers]));
    const repeated = row?.["position"] == null;
    if (!repeated) onWritten();
    return { id, repeated };
  }
}
