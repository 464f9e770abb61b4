import { once } from "node:events";
import { createServer } from "node:http";
import { webhook } from "tidemark/webhook";
import type { BrokerSubject } from "./brokers.ts";

const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/** An endpoint in this process, which reads each message and answers 204. The client alone is the built-in fetch, without a signature. */
export async function webhookSubject(): Promise<BrokerSubject> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(204).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/`;
  return {
    name: "webhook",
    broker: {
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    },
    async open() {
      const sink = webhook({ url, secret });
      return {
        sink,
        async publish({ body, contentType }) {
          const answer = await fetch(url, { method: "POST", headers: { "content-type": contentType }, body: Buffer.from(body) });
          await answer.arrayBuffer();
          if (!answer.ok) throw new Error(`the endpoint answered ${answer.status}`);
        },
        [Symbol.asyncDispose]: () => sink.close(),
      };
    },
  };
}
