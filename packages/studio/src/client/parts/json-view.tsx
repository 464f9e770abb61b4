import type { JSX } from "preact";
import { ExactNumber, exactJson, type Json } from "../../wire/exact-json.ts";

/** Beyond this, colours would cost more than they help. */
const mostColoured = 200_000;

/** JSON text, indented, with every digit as it is stored. */
export function JsonView({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const json = exactJson(text);
  return (
    // A reader who has no pointer must be able to scroll it.
    <pre class="json" tabIndex={0} role="group" aria-label={label}>
      {text.length > mostColoured ? indented(json) : coloured(json, "")}
    </pre>
  );
}

/** The same as text, to copy. */
export function indented(json: Json, indent = ""): string {
  if (json instanceof ExactNumber) return json.text;
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  const deeper = `${indent}  `;
  const members = Array.isArray(json)
    ? json.map((member) => `${deeper}${indented(member, deeper)}`)
    : Object.entries(json).map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${indented(member, deeper)}`);
  const [open, close] = Array.isArray(json) ? "[]" : "{}";
  return members.length === 0 ? `${open}${close}` : `${open}\n${members.join(",\n")}\n${indent}${close}`;
}

function coloured(json: Json, indent: string): JSX.Element {
  if (json instanceof ExactNumber) return <span class="number">{json.text}</span>;
  if (typeof json === "string") return <span class="string">{JSON.stringify(json)}</span>;
  if (typeof json !== "object" || json === null) return <span class="word">{String(json)}</span>;
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(json) ? "[]" : "{}";
  const members: readonly (readonly [string | undefined, Json])[] = Array.isArray(json)
    ? json.map((member) => [undefined, member] as const)
    : Object.entries(json);
  if (members.length === 0) return <>{`${open}${close}`}</>;
  return (
    <>
      {open}
      {members.map(([key, member], index) => (
        <>
          {`\n${deeper}`}
          {key !== undefined && (
            <>
              <span class="key">{JSON.stringify(key)}</span>
              {": "}
            </>
          )}
          {coloured(member, deeper)}
          {index < members.length - 1 && ","}
        </>
      ))}
      {`\n${indent}${close}`}
    </>
  );
}
