/** One message of the PostgreSQL protocol, whole. */
export interface Message {
  /** Which connection through the proxy: 0, 1, 2 … in the order they were opened. */
  readonly connection: number;
  /** Which message of this direction on this connection: 0, 1, 2 … */
  readonly index: number;
  /** The protocol's letter; `""` for what a client sends before its first lettered message. */
  readonly type: string;
  /** The protocol's name for it: `"Query"`, `"Bind"`, `"CommandComplete"` … */
  readonly name: string;
  /** All of it, with letter and length. */
  readonly bytes: Buffer;
}

export type Side = "frontend" | "backend";

/** "Message Formats" in PostgreSQL's manual. */
const names: Readonly<Record<Side, Readonly<Record<string, string>>>> = {
  frontend: {
    B: "Bind",
    C: "Close",
    D: "Describe",
    E: "Execute",
    F: "FunctionCall",
    H: "Flush",
    P: "Parse",
    Q: "Query",
    S: "Sync",
    X: "Terminate",
    c: "CopyDone",
    d: "CopyData",
    f: "CopyFail",
    p: "PasswordMessage",
  },
  backend: {
    1: "ParseComplete",
    2: "BindComplete",
    3: "CloseComplete",
    A: "NotificationResponse",
    C: "CommandComplete",
    D: "DataRow",
    E: "ErrorResponse",
    G: "CopyInResponse",
    H: "CopyOutResponse",
    I: "EmptyQueryResponse",
    K: "BackendKeyData",
    N: "NoticeResponse",
    R: "Authentication",
    S: "ParameterStatus",
    T: "RowDescription",
    V: "FunctionCallResponse",
    W: "CopyBothResponse",
    Z: "ReadyForQuery",
    c: "CopyDone",
    d: "CopyData",
    n: "NoData",
    s: "PortalSuspended",
    t: "ParameterDescription",
    v: "NegotiateProtocolVersion",
  },
};

/** The codes that stand where a startup message has its protocol version. */
const requests: Readonly<Record<number, string>> = { 80_877_102: "CancelRequest", 80_877_103: "SSLRequest", 80_877_104: "GSSENCRequest" };

/** Cuts one direction of a connection into messages, wherever TCP has split it. */
export class MessageReader {
  readonly #side: Side;
  readonly #connection: number;
  #rest: Buffer = Buffer.alloc(0);
  #index = 0;
  /** A client's first messages have no letter; its startup message is the last of these. */
  #started: boolean;

  constructor(side: Side, connection: number) {
    this.#side = side;
    this.#connection = connection;
    this.#started = side === "backend";
  }

  *read(chunk: Buffer): Generator<Message> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const lettered = this.#started ? 1 : 0;
      if (this.#rest.length < lettered + 4) return;
      const length = lettered + this.#rest.readInt32BE(lettered);
      if (length < lettered + 4)
        throw new Error(
          `The ${this.#side} of connection ${this.#connection} does not speak PostgreSQL's protocol: message ${this.#index} says it is ${length} bytes long.`,
        );
      if (this.#rest.length < length) return;
      const bytes = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield this.#message(bytes);
    }
  }

  #message(bytes: Buffer): Message {
    const origin = { connection: this.#connection, index: this.#index++, bytes };
    if (this.#started) {
      const type = String.fromCharCode(bytes[0] ?? 0);
      return { ...origin, type, name: names[this.#side][type] ?? `Unknown ${type}` };
    }
    const request = requests[bytes.readInt32BE(4)];
    this.#started = request === undefined;
    return { ...origin, type: "", name: request ?? "StartupMessage" };
  }
}
