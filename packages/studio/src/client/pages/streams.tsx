import type { JSX } from "preact";
import type { StreamLine, StreamsPage } from "../../wire/reports.ts";
import { streamsQuestion } from "../../wire/questions.ts";
import { Command } from "../parts/copy.tsx";
import { count } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Pager } from "../parts/pager.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { amend, go, hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";

/** Streams by the beginning of their names and by category. */
export function Streams(): JSX.Element {
  const prefix = query.value.get("prefix") ?? "";
  const category = query.value.get("category") ?? "";
  const { report, problem, loading, again } = useReport<StreamsPage>(addressOf(streamsQuestion(query.value)));

  const search = (parameters: { readonly prefix?: string; readonly category?: string }): void => amend({ ...parameters, after: undefined });
  return (
    <>
      <h1>Streams</h1>
      <form
        class="filters"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const [first] = report?.streams ?? [];
          if (first) go(hrefOf("/stream", { id: first.streamId }));
        }}
      >
        <label>
          <span>Begins with</span>
          <input
            type="search"
            data-search=""
            autocomplete="off"
            spellcheck={false}
            placeholder="cart-42"
            value={prefix}
            onInput={(event) => search({ prefix: event.currentTarget.value })}
          />
        </label>
        <label>
          <span>Category</span>
          <input
            type="search"
            autocomplete="off"
            spellcheck={false}
            placeholder="any"
            value={category}
            onInput={(event) => search({ category: event.currentTarget.value })}
          />
        </label>
        {/* With two fields, Enter sends a form only where there is a button. */}
        <input type="submit" hidden />
        <p class="hint">
          <kbd>/</kbd> to search, <kbd>Enter</kbd> opens the first, <kbd>j</kbd> <kbd>k</kbd> to move
        </p>
      </form>
      {problem && <Failure problem={problem} again={again} />}
      {loading && <Loading />}
      {report && report.streams.length > 0 && <Table streams={report.streams} />}
      {report?.streams.length === 0 && <Nothing prefix={prefix} category={category} />}
      <Pager of="streams" next={report?.next} />
    </>
  );
}

function Table({ streams }: { readonly streams: readonly StreamLine[] }): JSX.Element {
  return (
    <div class="panel flush scrolled">
      <table class="rows">
        <caption class="only-read">Streams, by the bytes of their names</caption>
        <thead>
          <tr>
            <th scope="col">Stream</th>
            <th scope="col">Category</th>
            <th scope="col" class="right">
              Version
            </th>
            <th scope="col" class="right">
              Last position
            </th>
            <th scope="col" class="right">
              Created
            </th>
          </tr>
        </thead>
        <tbody>
          {streams.map(({ streamId, category, version, lastPosition, createdAt }) => (
            <tr key={streamId}>
              <th scope="row">
                <Link href={hrefOf("/stream", { id: streamId })} class="name" row>
                  {streamId}
                </Link>
              </th>
              <td>
                <Link href={hrefOf("/streams", { category })} class="name plain">
                  {category}
                </Link>
              </td>
              <td class="right">{count(version)}</td>
              <td class="right">{lastPosition === null ? "–" : count(lastPosition)}</td>
              <td class="right">{createdAt === null ? "–" : <Time at={createdAt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Nothing({ prefix, category }: { readonly prefix: string; readonly category: string }): JSX.Element {
  if (prefix === "" && category === "") {
    return (
      <Empty title="No streams yet">
        <p>A stream begins with its first event.</p>
        <Command text={`npx tidemark append cart-1 --type ItemAdded --data '{"sku":"tea"}'`} />
      </Empty>
    );
  }
  return (
    <Empty title="No stream fits">
      <p>
        Names are compared by their beginning, letter by letter: upper and lower case differ. A category is what stands before the first <code>-</code>.
      </p>
      <p>
        <Link href={hrefOf("/streams")}>Show all streams</Link>
      </p>
    </Empty>
  );
}
