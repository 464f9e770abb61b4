/** The live page: orders as they happen. The server's log comes as server-sent events, and the browser goes on where it was by itself. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Shop, live</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
  li { font-variant-numeric: tabular-nums; }
</style>
<h1>Shop, live</h1>
<p><button>Order some tea</button> <span role="status">connecting</span></p>
<ol reversed></ol>
<script type="module">
  const list = document.querySelector("ol");
  const status = document.querySelector("[role=status]");
  const events = new EventSource("/events/log?offset=-1&live=sse");
  events.onopen = () => (status.textContent = "live");
  events.onerror = () => (status.textContent = "connecting again");
  events.addEventListener("data", ({ data }) => {
    for (const { type, streamId, data: facts } of JSON.parse(data)) {
      const line = document.createElement("li");
      line.textContent = streamId + ": " + type + " " + JSON.stringify(facts);
      list.prepend(line);
    }
  });
  const post = (path, body) => fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: body && JSON.stringify(body),
  });
  document.querySelector("button").onclick = async () => {
    const order = "/orders/" + crypto.randomUUID();
    await post(order + "/items", { sku: "tea", cents: 450 });
    await post(order + "/place");
  };
</script>
</html>
`;
