import { BadRequestError } from "./problem.ts";

/** The most rows that one answer holds. */
export const mostRows = 100;

export function textOf(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name);
  return text === null || text === "" ? undefined : text;
}

export function required(query: URLSearchParams, name: string): string {
  const text = textOf(query, name);
  if (text === undefined) throw new BadRequestError(`The parameter ${name} is missing.`);
  return text;
}

export function numberOf(query: URLSearchParams, name: string, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value > most) throw new BadRequestError(`The parameter ${name} must be a whole number from 0 to ${most}.`);
  return value;
}

export function limitOf(query: URLSearchParams, unlessGiven = 50): number {
  return Math.max(1, numberOf(query, "limit", mostRows) ?? unlessGiven);
}

export function directionOf(query: URLSearchParams): "forward" | "backward" {
  const direction = textOf(query, "direction") ?? "forward";
  if (direction !== "forward" && direction !== "backward") throw new BadRequestError('The parameter direction must be "forward" or "backward".');
  return direction;
}

export function oneOf<const Value extends string>(query: URLSearchParams, name: string, values: readonly Value[]): Value | undefined {
  const text = textOf(query, name);
  const found = values.find((value) => value === text);
  if (text !== undefined && found === undefined) throw new BadRequestError(`The parameter ${name} must be one of ${values.join(", ")}.`);
  return found;
}
