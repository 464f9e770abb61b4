import { type Condition, operators } from "./projection-reports.ts";

/** What an address says may be anything. */
export function conditionsOf(text: string | null): readonly Condition[] {
  if (text === null) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isCondition) : [];
  } catch {
    return [];
  }
}

function isCondition(value: unknown): value is Condition {
  return Array.isArray(value) && value.length === 3 && typeof value[0] === "string" && typeof value[1] === "string" && operators.includes(value[1]);
}
