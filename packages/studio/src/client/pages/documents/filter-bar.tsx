import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Condition, DocumentLine } from "../../../wire/projection-reports.ts";
import { type Field, fieldsOf, type Kind, valueOf } from "./fields.ts";

interface FilterBarProps {
  readonly conditions: readonly Condition[];
  /** Those on the page: their fields are offered. */
  readonly documents: readonly DocumentLine[];
  readonly onlyIds: boolean;
  readonly change: (conditions: readonly Condition[]) => void;
}

const words: Readonly<Record<string, string>> = { eq: "=", ne: "≠", gt: ">", gte: "≥", lt: "<", lte: "≤", contains: "contains", exists: "is there" };
const equalities = ["eq", "ne", "exists"];
const ranges = [...equalities, "gt", "gte", "lt", "lte"];
/** What can be asked of a kind of value. */
const asked: Readonly<Record<Kind, readonly string[]>> = {
  text: ranges,
  number: ranges,
  "yes or no": equalities,
  list: ["contains", "exists"],
  object: ["contains", "exists"],
  nothing: equalities,
};

/** Conditions on documents, each by a field, an operator that its kind of value has, and a value. */
export function FilterBar({ conditions, documents, onlyIds, change }: FilterBarProps): JSX.Element {
  const fields = onlyIds ? [{ path: "_id", kind: "text" } satisfies Field] : fieldsOf(documents);
  const [path, setPath] = useState("");
  const [wrong, setWrong] = useState<string>();
  const kind = fields.find((field) => field.path === path)?.kind;
  const offered = kind ? asked[kind] : Object.keys(words);
  return (
    <>
      <form
        class="filters"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const given = Object.fromEntries(new FormData(event.currentTarget));
          const [field, operator, text] = [given["path"], given["operator"], given["value"]].map((entry) => (typeof entry === "string" ? entry : ""));
          if (field === undefined || field === "" || operator === undefined) return setWrong("Name a field.");
          const value = operator === "exists" ? true : valueOf(text ?? "", kind);
          if (value === undefined) return setWrong(`${field} is a ${kind}: this is none.`);
          setWrong(undefined);
          setPath("");
          event.currentTarget.reset();
          return change([...conditions, [field, operator, value]]);
        }}
      >
        <label>
          <span>Field</span>
          <input
            name="path"
            list="fields"
            data-search=""
            autocomplete="off"
            spellcheck={false}
            placeholder={fields[0]?.path ?? "_id"}
            value={path}
            onInput={(event) => setPath(event.currentTarget.value)}
          />
        </label>
        <datalist id="fields">
          {fields.map((field) => (
            <option key={field.path} value={field.path}>
              {field.kind}
            </option>
          ))}
        </datalist>
        <label>
          <span>Is</span>
          <select name="operator" key={kind}>
            {offered.map((operator) => (
              <option key={operator} value={operator}>
                {words[operator]}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Value{kind === undefined ? "" : ` (${kind})`}</span>
          <input name="value" autocomplete="off" spellcheck={false} aria-describedby={wrong === undefined ? undefined : "wrong"} />
        </label>
        <button type="submit" class="button">
          Add condition
        </button>
      </form>
      {onlyIds && <p class="explain">Fields are masked here, so documents are found by _id alone.</p>}
      {wrong !== undefined && (
        <p class="notice bad" id="wrong" role="alert">
          {wrong}
        </p>
      )}
      {conditions.length > 0 && (
        <ul class="tags" aria-label="Conditions">
          {conditions.map(([field, operator, value], index) => (
            <li key={`${field} ${operator} ${index}`}>
              <span class="name">
                {field} {words[operator]} {operator !== "exists" && JSON.stringify(value)}
              </span>{" "}
              <button
                type="button"
                class="remove"
                aria-label={`Remove the condition on ${field}`}
                onClick={() => change(conditions.filter((_, other) => other !== index))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
