import { RequestRefusedError } from "../errors/http.ts";

const digits = 16;

/** What a reader may ask to read from. */
export type LogStart = number | "now";

/** A position as an offset: text that sorts as positions do. */
export function offsetOf(position: number): string {
  return `${position}`.padStart(digits, "0");
}

/** The position that an offset stands for: `-1` is the beginning. */
export function positionOf(offset: string, name = "offset"): LogStart {
  if (offset === "-1") return 0;
  if (offset === "now") return "now";
  const position = Number(offset);
  if (/^\d{16}$/.test(offset) && Number.isSafeInteger(position)) return position;
  throw new RequestRefusedError(400, `${name} must be -1, now, or an offset that this server gave.`);
}
