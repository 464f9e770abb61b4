import { types } from "node:util";
import { sentence, type TidemarkError } from "../errors/tidemark-error.ts";
import { SequenceBehindError } from "../errors/following.ts";
import { ConnectionError, DatabaseError } from "../errors/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { toSafeInteger } from "./number.ts";

/** What PostgreSQL said. Drivers call the fields alike, but for two of postgres.js's; ORMs put the driver's error under `cause`. */
export interface ServerAnswer {
  readonly sqlState: string;
  readonly message: string;
  readonly constraint: string | undefined;
  readonly table: string | undefined;
  /** The values, of an index that is unique. */
  readonly detail: string | undefined;
  /** What to do, where the server says so. */
  readonly hint: string | undefined;
  /** The server's C function and its file: not translated, where `message` is. */
  readonly routine: string | undefined;
  readonly file: string | undefined;
  /** pg's is translated, postgres.js's is not. */
  readonly severity: string | undefined;
}

/** Node's EPIPE and Prisma's P2010 have five characters too. */
const notSqlStates = /^(E[A-Z]{4}|P[1-9]\d{3})$/;

/** The answer of the server's that `error` stands for; undefined where the server never answered. */
export function serverAnswer(error: unknown): ServerAnswer | undefined {
  // An ORM may wrap a wrapped error. A chain that ends in itself must not hang.
  for (let at = error, depth = 0; isObject(at) && depth < 10; at = Reflect.get(at, "cause"), depth++) {
    const sqlState: unknown = Reflect.get(at, "code");
    if (typeof sqlState !== "string" || !/^[0-9A-Z]{5}$/.test(sqlState) || notSqlStates.test(sqlState)) continue;
    const field = (name: string): string | undefined => {
      const value: unknown = Reflect.get(at, name);
      return typeof value === "string" ? value : undefined;
    };
    return {
      sqlState,
      message: field("message") ?? "",
      constraint: field("constraint") ?? field("constraint_name"),
      table: field("table") ?? field("table_name"),
      detail: field("detail"),
      hint: field("hint"),
      routine: field("routine"),
      file: field("file"),
      severity: field("severity"),
    };
  }
  return undefined;
}

const retryable = /^(40001|40P01|55P03|57014|25P04|53...)$/;

/**
 * The server ended the session because it was idle for too long, outside of a transaction (57P05) or inside (25P03), and answers
 * what came too late with that: nothing of it ran.
 */
function wasIdle({ sqlState }: ServerAnswer): boolean {
  return sqlState === "57P05" || sqlState === "25P03";
}

/** `transaction_timeout` (25P04) ends the session, too, with whatever it runs. Unlike a lost connection it will do so again. */
export function wasCutOff(error: unknown): boolean {
  const sqlState = isTidemarkError(error, "CONNECTION") || isTidemarkError(error, "DATABASE") ? error.sqlState : undefined;
  return sqlState === "25P03" || sqlState === "25P04";
}

/** Whether the connection is gone after this answer. */
export function endsSession(answer: ServerAnswer): boolean {
  return answer.sqlState === "25P04" || wasIdle(answer) || breaksConnection(answer);
}

/**
 * Whether this answer leaves the outcome open: the backend was stopped (57P01, 57P02) or the connection broke (08xxx),
 * perhaps after the commit. A message that PostgreSQL itself found malformed (08P01 with a routine; poolers send none) was
 * refused before it ran.
 */
function breaksConnection(answer: ServerAnswer): boolean {
  const { sqlState, routine } = answer;
  if (sqlState === "08P01") return routine === undefined;
  return sqlState === "57P01" || sqlState === "57P02" || sqlState.startsWith("08") || panics(answer);
}

/**
 * Whether the server stops with this answer. When its disk fails at the end of a commit (58030, 53100), the commit may be in
 * the write-ahead log all the same, and the recovery that follows then completes it. Where the severity is translated, the
 * file tells: what xlog.c refuses outside of a commit is sent again in vain, which does no harm.
 */
function panics({ sqlState, severity, file }: ServerAnswer): boolean {
  return severity === "PANIC" || file === "xlog.c" || sqlState === "58030";
}

/** Data exceptions (class 22) quote the value they refuse, and values do not belong in messages. `cause` has them. */
function withoutValues({ sqlState, message }: ServerAnswer): string {
  return sqlState.startsWith("22") ? (message.split(/\s*[:"'“«„]/u)[0] ?? "") : message;
}

/** The functions of this library raise class TM, with a hint that says what to do. */
function told(answer: ServerAnswer): string {
  const hint = answer.sqlState.startsWith("TM") && answer.hint !== undefined ? answer.hint : undefined;
  const text = `PostgreSQL answered ${answer.sqlState}: ${withoutValues(answer)}`;
  return hint === undefined ? text : `${sentence(text)} ${hint}`;
}

/** What `refuse_sequence.sql` raised. An ORM may keep nothing of it but the message. */
function sequenceBehind({ message, hint }: ServerAnswer, cause: unknown): TidemarkError | undefined {
  const [, sequence, log] = /the position sequence is at (\d+), but the log reaches (\d+)/.exec(message) ?? [];
  if (sequence === undefined || log === undefined) return undefined;
  const remedy = hint ?? `Set the sequence events_position_seq of the store's schema to ${log}, with setval.`;
  return new SequenceBehindError({ sequence: toSafeInteger(sequence), log: toSafeInteger(log), remedy }, { cause });
}

function asDatabaseError(answer: ServerAnswer, cause: unknown): TidemarkError {
  const { sqlState, constraint, table } = answer;
  const behind = sqlState === "TM002" ? sequenceBehind(answer, cause) : undefined;
  if (behind) return behind;
  return new DatabaseError(told(answer), {
    sqlState,
    constraint,
    table,
    cause,
    retryable: retryable.test(sqlState),
  });
}

/** What a driver threw once a statement had been sent, as the error that the seam promises. */
export function toTidemarkError(error: unknown): TidemarkError {
  if (isTidemarkError(error)) return error;
  const answer = serverAnswer(error);
  if (answer && wasIdle(answer))
    return new ConnectionError(
      `The server had closed the connection, which was idle for too long: ${sentence(`${answer.sqlState} ${answer.message}`)} Nothing of this statement was run.`,
      { sent: false, sqlState: answer.sqlState, cause: error },
    );
  if (answer && !breaksConnection(answer)) return asDatabaseError(answer, error);
  return new ConnectionError(
    `The connection was lost before the server answered: ${sentence(answer ? `${answer.sqlState} ${answer.message}` : reason(error))} Whether the statement took effect is unknown.`,
    {
      sent: true,
      sqlState: answer?.sqlState,
      cause: error,
    },
  );
}

/** Full (53300), starting up or shutting down (57P03), or going away: the same try may succeed a moment later. */
function refusesForNow({ sqlState }: ServerAnswer): boolean {
  return sqlState === "53300" || sqlState === "57P03" || sqlState === "57P01" || sqlState === "57P02" || sqlState.startsWith("08");
}

/** What a driver threw while it opened a connection. A wrong password, role or database is no matter of trying again. */
export function toConnectError(error: unknown): TidemarkError {
  if (isTidemarkError(error)) return error;
  const answer = serverAnswer(error);
  if (answer && !refusesForNow(answer)) return asDatabaseError(answer, error);
  if (!answer && isRefusedCertificate(error))
    return new ConnectionError(
      `No connection to PostgreSQL, because its certificate was refused: ${sentence(reason(error))} Nothing was sent. Name the file of the authority that signed it (…?sslmode=verify-full&sslrootcert=ca.pem), and the host by a name that the certificate is for.`,
      { sent: false, cause: error, retryable: false },
    );
  return new ConnectionError(`No connection to PostgreSQL: ${sentence(answer ? `${answer.sqlState} ${answer.message}` : reason(error))} Nothing was sent.`, {
    sent: false,
    sqlState: answer?.sqlState,
    cause: error,
  });
}

/** OpenSSL's words for what is wrong with a certificate, and Node's for one that is for another host. */
const certificateCodes = /^(CERT_|CRL_|ERR_TLS_CERT_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH)/;

function isRefusedCertificate(error: unknown): boolean {
  const code: unknown = isObject(error) ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" && certificateCodes.test(code);
}

/** Node gathers the failures of a host name's several addresses in an error without a message. */
function reason(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  return error.message === "" && "errors" in error && Array.isArray(error.errors) ? error.errors.map(reason).join("; ") : error.message;
}

/** Of any realm: a test runner such as jest gives this module globals of its own, of which Node's own errors are no instances. */
function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
