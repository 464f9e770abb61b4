import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as an endpoint got it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An HTTP server that answers as a test wants. */
export interface Endpoint extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** The answer to a request: a status, and headers. `"none"`: it never answers; `"reset"`: it cuts the connection. */
  answer: (request: Received) => Answer;
}

export type Answer = number | "none" | "reset" | { readonly status: number; readonly headers: Readonly<Record<string, string>> };

export async function startEndpoint(): Promise<Endpoint> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      const got = { path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) };
      received.push(got);
      const answer = endpoint.answer(got);
      if (answer === "none") return;
      if (answer === "reset") return void request.socket.destroy();
      const { status, headers } = typeof answer === "number" ? { status: answer, headers: {} } : answer;
      response.writeHead(status, headers).end("thank you");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: () => 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return endpoint;
}
