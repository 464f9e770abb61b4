import { checkFunction } from "../arguments/checks.ts";
import { describeValue, quoteStep } from "../arguments/describe-value.ts";
import { isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { StoredCodec } from "./stored-codecs.ts";
import { type CheckedCodec, StoredForm } from "./stored-form.ts";

/** The codecs of a definition by their paths. Undefined if there are none. */
export function checkStored(value: unknown, path: string): StoredForm | undefined {
  if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object of codecs by path, such as { at: asDate }, not ${describeValue(value)}`);
  const codecs = Object.entries(value).map(([place, codec]) => [place, checkCodec(codec, path + quoteStep(place))] as const);
  return codecs.length === 0 ? undefined : new StoredForm(new Map(codecs), path);
}

function checkCodec(value: unknown, path: string): CheckedCodec {
  if (!isRecord(value)) {
    throw new InvalidArgumentError(path, `must be asDate, asBigInt, asSet, asMap or { encode, decode }, not ${describeValue(value)}`);
  }
  const encode = checkFunction<StoredCodec["encode"]>(value["encode"], `${path}.encode`);
  const decode = checkFunction<StoredCodec["decode"]>(value["decode"], `${path}.decode`);
  const { jsonSchema } = value;
  if (jsonSchema !== undefined && !isRecord(jsonSchema)) {
    throw new InvalidArgumentError(`${path}.jsonSchema`, `must be a JSON Schema such as { type: "string" }, not ${describeValue(jsonSchema)}`);
  }
  return {
    // Called on their object: a codec may be an instance of a class.
    encode: (held: unknown): unknown => encode.call(value, held),
    decode: (stored: unknown): unknown => decode.call(value, stored),
    source: `${String(encode)}\n${String(decode)}`,
    ...(jsonSchema && { jsonSchema }),
  };
}
