import { sentence, type TidemarkError } from "../errors/tidemark-error.ts";
import { ConditionFailedError, DuplicateEventError, type VersionConflict, VersionConflictError } from "../errors/appending.ts";
import { DatabaseError } from "../errors/database.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { verdicts } from "../schema/codes.ts";
import { toSafeInteger } from "../database/number.ts";
import type { EncodedPart } from "./encoded.ts";
import type { Written } from "./recorded.ts";
import type { AppendResult } from "./types.ts";

/** What the database said of one part of an append. */
export interface PartVerdict {
  readonly part: EncodedPart;
  /** One of `verdicts`. */
  readonly verdict: number;
  readonly version: number;
  readonly position: number;
  /** Where it says of each event what it got. */
  readonly written?: Written | undefined;
}

/**
 * What became of one append. `blocked`: another transaction holds one of its streams or claims; nothing was written yet. `outdated`: the
 * registry of projections changed, and has to be read before the append is sent again; nothing was written.
 */
export type Outcome =
  | {
      readonly kind: "written";
      readonly results: readonly AppendResult[];
      readonly parts: readonly PartVerdict[];
      /** It was there already: this is the first result. */
      readonly repeated: boolean;
    }
  | { readonly kind: "blocked" }
  | { readonly kind: "outdated" }
  | { readonly kind: "conflict"; readonly error: VersionConflictError | ConditionFailedError }
  | { readonly kind: "refused"; readonly error: TidemarkError };

/** @param parts - the verdicts on one append, in the order in which the caller wrote its streams */
export function outcomeOf(parts: readonly PartVerdict[], detail: readonly (string | null)[] | undefined): Outcome {
  const has = (verdict: number): PartVerdict | undefined => parts.find((part) => part.verdict === verdict);
  if (has(verdicts.outdated)) return { kind: "outdated" };
  if (has(verdicts.blocked)) return { kind: "blocked" };
  const duplicated = has(verdicts.duplicate);
  if (duplicated) return { kind: "refused", error: duplicateEvent(duplicated.part, parts, detail) };
  if (has(verdicts.refused)) return { kind: "refused", error: refusal(detail) };
  if (has(verdicts.conditionFailed)) return failedCondition(detail);
  const [first, ...others] = parts.filter((part) => part.verdict === verdicts.conflict).map(asConflict);
  if (first) return { kind: "conflict", error: new VersionConflictError([first, ...others]) };
  return { kind: "written", results: parts.map(asResult), parts, repeated: has(verdicts.repeated) !== undefined };
}

function asConflict({ part, version }: PartVerdict): VersionConflict {
  return { streamId: part.streamId, expected: part.expected, actual: version };
}

function asResult({ part, version, position }: PartVerdict): AppendResult {
  return { streamId: part.streamId, version, position, created: part.events.length > 0 && version === part.events.length };
}

function duplicateEvent(fallback: EncodedPart, parts: readonly PartVerdict[], detail: readonly (string | null)[] | undefined): DuplicateEventError {
  const [id, difference] = detail ?? [];
  const holder = parts.find(({ part }) => part.events.some((event) => event.id === id))?.part ?? fallback;
  return new DuplicateEventError(id ?? "", holder.streamId, difference ?? "with other content");
}

/** See `failed_conditions.sql`. */
function failedCondition(detail: readonly (string | null)[] | undefined): Outcome {
  const [streamId, type, position, found] = detail ?? [];
  if (streamId != null && type != null) {
    return { kind: "conflict", error: new ConditionFailedError({ streamId, type, position: toSafeInteger(position) }) };
  }
  const problem = `does not belong to this query and store: only ${found} matching events stand above its mark, fewer than were seen there`;
  return {
    kind: "refused",
    error: new InvalidArgumentError(
      "options.condition.after",
      `${problem}. Nothing was written: read the boundary of the same query, decide again, then append again`,
    ),
  };
}

/** PostgreSQL refused this append alone: a CHECK or a trigger of the user's, say. */
function refusal(detail: readonly (string | null)[] | undefined): DatabaseError {
  const [sqlState, message, constraint, table] = detail ?? [];
  return new DatabaseError(
    `PostgreSQL refused this append with ${sqlState}: ${sentence(message ?? "")} Nothing of it was written; concurrent appends were not affected.`,
    {
      sqlState: sqlState ?? "XX000",
      constraint: constraint === "" || constraint === null ? undefined : constraint,
      table: table === "" || table === null ? undefined : table,
    },
  );
}
