import { DatabaseError } from "../errors/database.ts";

/** A bigint of PostgreSQL's as a number. Past 2^53 - 1 it throws rather than rounds: a rounded position skips events. */
export function toSafeInteger(text: string | null | undefined): number {
  const number = Number(text ?? Number.NaN);
  if (Number.isSafeInteger(number)) return number;
  throw new DatabaseError(`The database holds ${text} where a whole number up to ${Number.MAX_SAFE_INTEGER} belongs; JavaScript cannot carry it exactly.`, {
    sqlState: "22003",
  });
}
