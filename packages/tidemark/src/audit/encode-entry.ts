import { encodeJson } from "../arguments/json.ts";
import { checkAction, checkPerson, checkReason, checkRole, checkSubject } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkUuid, newId } from "../arguments/uuid.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { NewAuditEntry } from "./audit.ts";

const mostBytes = 65_536;

const shape = {
  action: checkAction,
  subject: checkSubject,
  id: checkUuid,
  parameters: encodeParameters,
  actor: checkPerson,
  role: checkRole,
  reason: checkReason,
};

/** An entry as it is sent to the database. */
export interface EncodedEntry {
  readonly id: string;
  readonly action: string;
  readonly subject: string;
  /** JSON. */
  readonly parameters: string | null;
  readonly actor: string | null;
  readonly role: string | null;
  readonly reason: string | null;
}

/** @throws {@link InvalidArgumentError} */
export function encodeEntry(entry: NewAuditEntry): EncodedEntry {
  if (!isRecord(entry)) throw new InvalidArgumentError("entry", `must be an entry { action, subject }, not ${describeValue(entry)}`);
  const { action, subject, id = newId(), parameters = null, actor = null, role = null, reason = null } = checkOptions(entry, shape, "entry");
  if (action === undefined) throw new InvalidArgumentError("entry.action", "is missing");
  if (subject === undefined) throw new InvalidArgumentError("entry.subject", "is missing");
  return { id, action, subject, parameters, actor, role, reason };
}

function encodeParameters(value: unknown, path: string): string {
  if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object, not ${describeValue(value)}`);
  const text = encodeJson(value, path);
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) throw new InvalidArgumentError(path, `is ${bytes} bytes of JSON; an entry takes at most ${mostBytes}`);
  return text;
}
