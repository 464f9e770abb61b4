import { Fragment, render } from "preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { pages } from "./pages/page-list.tsx";
import { Empty } from "./parts/notice.tsx";
import { Shell } from "./parts/shell.tsx";
import { forgetToken, path, query, tenant } from "./state/place.ts";
import { loadSession } from "./state/session.ts";
import "./styles/colours.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/pages.css";

const places = pages.filter((page) => "key" in page);

function Studio(): JSX.Element {
  const page = pages.find((each) => each.path === path.value);
  const id = query.value.get("id") ?? "";
  const title = page && "title" in page ? page.title : id;
  useEffect(() => {
    document.title = `${title} · Tidemark Studio`;
  }, [title]);
  const current = page && "within" in page ? page.within : path.value;
  return (
    <Shell places={places} current={current}>
      {/* What a page has gathered is of one tenant. */}
      <Fragment key={tenant.value}>{page ? page.view(id) : <NoPage />}</Fragment>
    </Shell>
  );
}

function NoPage(): JSX.Element {
  return (
    <>
      <h1>Tidemark Studio</h1>
      <Empty title="There is no such page">Choose one from the list.</Empty>
    </>
  );
}

forgetToken();
void loadSession();
const root = document.querySelector("#studio");
if (root) render(<Studio />, root);
