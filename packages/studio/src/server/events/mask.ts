import type { RecordedEvent } from "tidemark";
import type { DerivedValue, StudioOptions, ValidOptions } from "../options.ts";
import { exactJson, exactText, type Json } from "../../wire/exact-json.ts";

/** What stands in the place of a masked value. */
export const maskedText = "••••••";

export interface MaskedTexts {
  readonly data: string;
  readonly metadata: string;
  readonly masked: boolean;
}

export interface MaskedText {
  readonly text: string;
  readonly masked: boolean;
}

const everything = ["data", "metadata"];

/** JSON texts of an event without what the application wants nobody to see. A hook that fails shows nothing. */
export function masked(event: RecordedEvent, data: string, metadata: string, mask: StudioOptions["mask"]): MaskedTexts {
  if (!mask) return { data, metadata, masked: false };
  const paths = pathsOf(event, mask);
  const whole: Record<string, Json> = { data: exactJson(data), metadata: exactJson(metadata) };
  const found = paths.map((path) => hide(whole, path.split("."))).includes(true);
  if (!found) return { data, metadata, masked: false };
  return { data: exactText(whole["data"] ?? null), metadata: exactText(whole["metadata"] ?? null), masked: true };
}

/** JSON text of what was made of events, without what the application wants nobody to see. */
export function maskedDerived({ kind, name, id }: Omit<DerivedValue, "value">, text: string, { mask, maskDerived }: ValidOptions): MaskedText {
  if (!maskDerived) return mask ? { text: JSON.stringify(maskedText), masked: true } : { text, masked: false };
  try {
    const paths: unknown = maskDerived({ kind, name, id, value: JSON.parse(text) });
    if (!Array.isArray(paths) || !paths.every((path) => typeof path === "string")) return { text: JSON.stringify(maskedText), masked: true };
    const value = exactJson(text);
    const found = paths.map((path) => hide(value, path.split("."))).includes(true);
    return { text: found ? exactText(value) : text, masked: found };
  } catch {
    return { text: JSON.stringify(maskedText), masked: true };
  }
}

function pathsOf(event: RecordedEvent, mask: NonNullable<StudioOptions["mask"]>): readonly string[] {
  try {
    const paths: unknown = mask(event);
    return Array.isArray(paths) && paths.every((path) => typeof path === "string") ? paths : everything;
  } catch {
    return everything;
  }
}

/** `*` stands for every key or index. Returns whether there was something to hide. */
function hide(at: Json | undefined, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined || typeof at !== "object" || at === null) return false;
  const container: Record<string, Json> = Array.isArray(at) ? Object.assign(at) : at;
  const keys = step === "*" ? Object.keys(container) : Object.hasOwn(container, step) ? [step] : [];
  return keys
    .map((key) => {
      if (rest.length > 0) return hide(container[key], rest);
      container[key] = maskedText;
      return true;
    })
    .includes(true);
}
