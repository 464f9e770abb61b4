import type { AuditEntry } from "tidemark";
import type { AuditLine, AuditPage } from "../../wire/changes.ts";
import type { Call } from "./call.ts";
import { limitOf, numberOf, textOf } from "./parameters.ts";

/** Who changed what, the latest first: through the studio, by the command line, or by an application. */
export async function audit({ store, query }: Call): Promise<AuditPage> {
  const limit = limitOf(query);
  const [before, subject, actor] = [numberOf(query, "before"), textOf(query, "subject"), textOf(query, "actor")];
  const wanted = { ...(before !== undefined && { before }), ...(subject !== undefined && { subject }), ...(actor !== undefined && { actor }) };
  const found = await store.audit.list({ limit: limit + 1, ...wanted });
  const page = found.slice(0, limit);
  return { entries: page.map(auditLine), next: found.length > limit ? (page.at(-1)?.number ?? null) : null };
}

function auditLine({ id, action, subject, parameters, actor, role, reason, state, error, begunAt, settledAt }: AuditEntry): AuditLine {
  return {
    id,
    action,
    subject,
    parameters: JSON.stringify(parameters ?? {}),
    actor: actor ?? null,
    role: role ?? null,
    reason: reason ?? null,
    state,
    error: error ?? null,
    begunAt: begunAt.getTime(),
    settledAt: settledAt?.getTime() ?? null,
  };
}
