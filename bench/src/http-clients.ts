// Clients of an event stream, in a process of their own. Arguments: the server's port, how many clients.
import { connect, type Socket } from "node:net";

const [port = 0, clients = 0] = process.argv.slice(2).map(Number);
/** So many connect at once. */
const together = 200;
/** Of one event, by client. */
let latencies: number[] = [];

/** Resolves once the server has said that there is nothing yet. */
function follow(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("GET /log?offset=now&live=sse HTTP/1.1\r\nhost: bench\r\n\r\n"));
    let begun = "";
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (text) => {
      if (begun !== "live") {
        begun += text;
        if (!begun.includes('"upToDate":true')) return;
        begun = "live";
        return resolve(socket);
      }
      const sentAt = /"sentAt":(?<ms>[\d.]+)/.exec(text.toString())?.groups?.["ms"];
      if (sentAt === undefined) return;
      latencies.push(performance.timeOrigin + performance.now() - Number(sentAt));
      if (latencies.length < clients) return;
      process.send?.(JSON.stringify(latencies));
      latencies = [];
    });
  });
}

for (let connected = 0; connected < clients; connected += together) await Promise.all(Array.from({ length: Math.min(together, clients - connected) }, follow));
process.send?.("ready");
process.once("disconnect", () => process.exit());
