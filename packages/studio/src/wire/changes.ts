/** What somebody may do: a viewer reads, an operator also changes what can be taken back, an admin all, and reads the audit. */
export type Role = "viewer" | "operator" | "admin";

export const roles: readonly Role[] = ["viewer", "operator", "admin"];

export function isEnough(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** The header that every change carries, and no form or link of another site can send. */
export const changeHeader = { name: "x-tidemark-studio", value: "change" } as const;

/** Who looks. */
export interface SessionReport {
  readonly role: Role;
  readonly name: string | null;
  /** The names of the changes that the role may make. */
  readonly changes: readonly string[];
}

/** The body of a change. Without `confirm` it is asked what the change would do; with it, the change is made. */
export interface ChangeRequest {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** A UUID, for this change alone: sent twice, it is made once. */
  readonly id?: string;
  /** What the plan said. If the plan has become another one meanwhile, nothing is done. */
  readonly confirm?: string;
}

export interface ChangePlan {
  /** `"Pause the consumer mailer"` */
  readonly title: string;
  /** What it will do, a sentence each. */
  readonly effects: readonly string[];
  /** How it stands now, which may change between the question and the answer. */
  readonly state: readonly string[];
  /** Whether something is lost that cannot be brought back. */
  readonly grave: boolean;
  readonly confirm: string;
}

export interface ChangeDone {
  readonly title: string;
  /** What went wrong after it was made; null where nothing did. */
  readonly warning: string | null;
}

export interface AuditPage {
  readonly entries: readonly AuditLine[];
  /** Goes into `before` for the next page; null on the last one. */
  readonly next: number | null;
}

export interface AuditLine {
  readonly id: string;
  readonly action: string;
  /** What it was done to. */
  readonly subject: string;
  /** JSON text. */
  readonly parameters: string;
  readonly actor: string | null;
  readonly role: string | null;
  readonly reason: string | null;
  /** `"begun"`: nothing says how it ended. */
  readonly state: "begun" | "done" | "failed";
  readonly error: string | null;
  readonly begunAt: number;
  readonly settledAt: number | null;
}
