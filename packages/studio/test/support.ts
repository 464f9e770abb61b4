import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Studio } from "@tidemark/studio";

/** What a browser of this machine sends with the token. */
export function get({ fetch, token }: Studio, path: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}): Promise<Response> {
  const all = { host: "localhost:4983", ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers };
  return fetch(new Request(`http://localhost:4983${path}`, { ...init, headers: all }));
}

/** The JSON of a call that succeeds. */
export async function report<T>(panel: Studio, path: string): Promise<T> {
  const response = await get(panel, path);
  const body = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${body}`);
  const parsed: T = JSON.parse(body);
  return parsed;
}

/** Sends text as it is over a socket, and returns the first line of the answer. */
export async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(request);
  return (await text(socket)).split("\r\n", 1)[0] ?? "";
}

/** A request of which every header can be chosen: `fetch` decides some of them itself. */
export function statusOf(port: number, path: string, headers: Readonly<Record<string, string>>, method = "GET"): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, host: "127.0.0.1", path, method, headers, setHost: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
}
