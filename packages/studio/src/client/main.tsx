import { render } from "preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { EventDetails } from "./pages/event.tsx";
import { Overview } from "./pages/overview.tsx";
import { StreamEvents } from "./pages/stream.tsx";
import { Streams } from "./pages/streams.tsx";
import { Empty } from "./parts/notice.tsx";
import { Shell } from "./parts/shell.tsx";
import { forgetToken, path, query } from "./state/place.ts";
import "./styles/colours.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/pages.css";

function Page(): JSX.Element {
  const parameters = query.value;
  const id = parameters.get("id") ?? "";
  switch (path.value) {
    case "/":
      return <Overview />;
    case "/streams":
      return <Streams />;
    case "/stream":
      return <StreamEvents key={id} streamId={id} />;
    case "/event":
      return <EventDetails id={id} />;
    default:
      return (
        <>
          <h1>Tidemark Studio</h1>
          <Empty title="There is no such page">Choose one from the list.</Empty>
        </>
      );
  }
}

const titles: Readonly<Record<string, string>> = { "/": "Overview", "/streams": "Streams" };

function Studio(): JSX.Element {
  const title = titles[path.value] ?? query.value.get("id") ?? "";
  useEffect(() => {
    document.title = `${title} · Tidemark Studio`;
  }, [title]);
  return (
    <Shell>
      <Page />
    </Shell>
  );
}

forgetToken();
const root = document.querySelector("#studio");
if (root) render(<Studio />, root);
