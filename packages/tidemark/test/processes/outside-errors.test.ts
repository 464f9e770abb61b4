import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { isOutside } from "../../src/processes/outside-errors.ts";

/** What `fetch` throws, or the reading of its answer, where the server does this once the request is there. */
async function fetchFails(answer: (socket: Socket) => void): Promise<unknown> {
  const server = createServer((socket) => void socket.once("data", () => answer(socket)).on("error", () => {}));
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return await fetch(`http://127.0.0.1:${port}/`)
    .then((response) => response.json())
    .then(
      () => undefined,
      (error: unknown) => error,
    );
}

const coded = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });
const fetched = (cause: Error): Error => new TypeError("fetch failed", { cause });

describe("an error is the outside's", () => {
  test.for<[string, (socket: Socket) => void]>([
    ["hangs up", (socket) => socket.destroy()],
    ["answers something else than HTTP", (socket) => socket.end("NO HTTP\r\n\r\n")],
    ["breaks down in its headers", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-")],
    ["breaks down in its answer", (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":')],
  ])("where a server that fetch calls %s", async ([, answer]) => {
    expect(isOutside(await fetchFails(answer))).toBe(true);
  });

  test.for(["EADDRINUSE", "EADDRNOTAVAIL", "EAGAIN", "EAI_MEMORY", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])(
    "where this machine has nothing left to ask with: %s",
    (code) => {
      expect([isOutside(coded(code)), isOutside(fetched(coded(code)))]).toEqual([true, true]);
    },
  );

  test.for(["ECONNREFUSED", "ECONNRESET", "EAI_AGAIN", "EAI_FAIL", "ENOTFOUND", "ENOTCONN", "EPIPE", "ETIMEDOUT"])("where the network says %s", (code) => {
    expect([isOutside(coded(code)), isOutside(fetched(coded(code)))]).toEqual([true, true]);
  });

  test("where the time is up", () => {
    expect(isOutside(new DOMException("too slow", "TimeoutError"))).toBe(true);
  });

  test("where it says so, whatever is behind it", () => {
    const [retryable, refused] = [true, false].map((retryable) => Object.assign(new Error("declined", { cause: coded("ECONNRESET") }), { retryable }));
    expect([isOutside(retryable), isOutside(refused)]).toEqual([true, false]);
  });
});

test("an error of the domain, of the code or of a file is not the outside's", () => {
  const errors = [new Error("there is no tea"), new TypeError("x is not a function"), coded("ENOENT"), coded("EACCES"), "no", undefined, null];
  expect(errors.map((error) => isOutside(error))).toEqual(errors.map(() => false));
});
