import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Listens on a free port of 127.0.0.1, below those that systems hand out to outgoing connections (32,768 on Linux, 49,152
 * elsewhere). With one of those, a client could take the port while its server is down for a restart; it can even connect
 * to itself.
 */
export async function listen(server: Server): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    server.listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
      return port;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    }
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe);
  const closed = once(probe, "close");
  probe.close();
  await closed;
  return port;
}
