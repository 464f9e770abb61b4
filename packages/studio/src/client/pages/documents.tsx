import type { JSX } from "preact";
import { conditionsOf } from "../../wire/conditions.ts";
import type { DocumentLine, DocumentsPage, ProjectionsReport } from "../../wire/projection-reports.ts";
import { documentsQuestion } from "../../wire/questions.ts";
import { count } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Pager } from "../parts/pager.tsx";
import { addressOf, apiOf } from "../state/ask.ts";
import { amend, hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { FilterBar } from "./documents/filter-bar.tsx";

/** The collections; of one of them, the documents that meet every condition. */
export function Documents(): JSX.Element {
  const collection = query.value.get("collection") ?? "";
  return collection === "" ? <Collections /> : <Found key={collection} collection={collection} />;
}

function Collections(): JSX.Element {
  const { report, problem, again } = useReport<ProjectionsReport>(apiOf("projections"));
  const serving = report?.projections.filter((line) => line.collection !== null && line.serving);
  return (
    <>
      <h1>Documents</h1>
      {problem && <Failure problem={problem} again={again} />}
      {!report && !problem && <Loading />}
      {serving?.length === 0 && (
        <Empty title="No collections yet">
          <p>
            A document projection keeps its documents in a collection: see <code>documentProjection</code>.
          </p>
        </Empty>
      )}
      {serving && serving.length > 0 && (
        <section class="panel" aria-labelledby="collections">
          <h2 id="collections">Collections</h2>
          <ul class="shares">
            {serving.map(({ collection, name, version }) => (
              <li key={name}>
                <Link href={hrefOf("/documents", { collection: collection ?? "" })} class="name" row>
                  {collection}
                </Link>
                <span class="amount">
                  <span class="name">{name}</span> version {count(version)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Found({ collection }: { readonly collection: string }): JSX.Element {
  const conditions = conditionsOf(query.value.get("where"));
  const { report, problem, loading, again } = useReport<DocumentsPage>(addressOf(documentsQuestion(query.value)));
  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/documents")}>Documents</Link>
      </p>
      <h1 class="name">{collection}</h1>
      <FilterBar
        conditions={conditions}
        documents={report?.documents ?? []}
        onlyIds={report?.onlyIds ?? false}
        change={(changed) => amend({ where: changed.length === 0 ? undefined : JSON.stringify(changed), after: undefined })}
      />
      {problem && <Failure problem={problem} again={again} />}
      {loading && <Loading />}
      {report && report.documents.length > 0 && <Table collection={collection} documents={report.documents} />}
      {report?.documents.length === 0 && (
        <Empty title={conditions.length === 0 ? "No documents" : "No document fits"}>
          <p>{conditions.length === 0 ? "No event has made one yet." : 'Every condition has to hold. A number is no text: 3 and "3" differ.'}</p>
          <p>
            <Link href={hrefOf("/documents", conditions.length === 0 ? {} : { collection })}>
              {conditions.length === 0 ? "Show all collections" : "Show all documents"}
            </Link>
          </p>
        </Empty>
      )}
      <Pager of="documents" next={report?.next} />
    </>
  );
}

function Table({ collection, documents }: { readonly collection: string; readonly documents: readonly DocumentLine[] }): JSX.Element {
  return (
    <div class="panel flush scrolled">
      <table class="rows">
        <caption class="only-read">Documents, by their ids</caption>
        <thead>
          <tr>
            <th scope="col">Document</th>
            <th scope="col">Content</th>
            <th scope="col" class="right">
              Written
            </th>
          </tr>
        </thead>
        <tbody>
          {documents.map(({ id, version, data, masked }) => (
            <tr key={id}>
              <th scope="row">
                <Link href={hrefOf("/document", { collection, id })} class="name" row>
                  {id}
                </Link>
              </th>
              <td class="content">
                <span class="peek">{data}</span>
                {masked && <p class="why">partly masked</p>}
              </td>
              <td class="right">{count(version)} ×</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
