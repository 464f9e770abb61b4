import type { JSX } from "preact";
import type { Change } from "../../wire/difference.ts";
import { exactText } from "../../wire/exact-json.ts";
import { counted } from "./format.ts";

/** A state may be replaced as a whole. Beyond this, one reads the state itself. */
const mostShown = 200;
const longest = 400;

/** The parts that differ between two values, with what they were and what they are. */
export function ChangeTable({ changes }: { readonly changes: readonly Change[] }): JSX.Element {
  return (
    <>
      <div class="scrolled" tabIndex={0} role="group" aria-label="Changes">
        <table class="changes">
          <caption class="only-read">What changed</caption>
          <thead>
            <tr>
              <th scope="col">Where</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.slice(0, mostShown).map((change) => (
              <Row key={JSON.stringify(change.path)} change={change} />
            ))}
          </tbody>
        </table>
      </div>
      {changes.length > mostShown && <p class="explain">and {counted(changes.length - mostShown, "more change")}</p>}
    </>
  );
}

function Row({ change: { path, before, after } }: { readonly change: Change }): JSX.Element {
  return (
    <tr>
      <th scope="row" class="code name">
        {path.length === 0 ? "all of it" : path.join(".")}
      </th>
      <td class="code name removed">{before === undefined ? <span class="beside">not there</span> : short(exactText(before))}</td>
      <td class="code name added">{after === undefined ? <span class="beside">gone</span> : short(exactText(after))}</td>
    </tr>
  );
}

function short(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)} …` : text;
}
