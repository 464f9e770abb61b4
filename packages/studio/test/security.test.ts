import { isTidemarkError, type EventStore } from "tidemark";
import { serveStudio, studio, type StudioOptions } from "@tidemark/studio";
import { describe, expect, test } from "../../tidemark/test/support/test.ts";
import { routes } from "../src/server/api/routes.ts";
import { changes } from "../src/server/changes/change-table.ts";
import { change, get, raw, statusOf } from "./support.ts";

const paths = ["/", "/streams", "/stream?id=a", "/event?id=a", "/assets/studio.js", "/assets/studio.css", "/api/overview", "/api/streams", "/nothing"];

describe("the host", () => {
  test.for([
    "evil.com",
    "localhost.evil.com",
    "127.0.0.1.nip.io",
    "localhost@evil.com",
    "localhost:4983.evil.com",
    "localhost:",
    "[::1].evil.com",
    "0.0.0.0",
    "127.0.0.2",
    "",
  ])("%j is refused on every route", async (host, { store }) => {
    const panel = studio(store);
    for (const path of paths) expect((await get(panel, path, { host })).status, path).toBe(403);
  });

  test.for(["localhost", "LOCALHOST:4983", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:4983"])("%j is this machine", async (host, { store }) => {
    const panel = studio(store);
    expect((await get(panel, "/", { host })).status).toBe(200);
  });

  test("is asked of the live tail too, and so are the origin and the token", async ({ store }) => {
    const panel = studio(store);
    for (const [headers, status] of [
      [{ host: "evil.com" }, 403],
      [{ origin: "http://localhost:4984" }, 403],
      [{ "sec-fetch-site": "cross-site" }, 403],
      [{ authorization: "" }, 401],
    ] as const)
      expect((await get(panel, "/api/tail", headers)).status).toBe(status);
  });

  test("is not what a proxy says it is", async ({ store }) => {
    const panel = studio(store);
    const forwarded = { host: "evil.com", "x-forwarded-host": "localhost", forwarded: "host=localhost" };
    expect((await get(panel, "/api/overview", forwarded)).status).toBe(403);
  });

  test("that is missing, sent twice or contradicted by the request line is refused before anything is read", async ({ store }) => {
    await using served = await serveStudio(store);
    const { port } = served;
    expect(await raw(port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/ 40[03] /);
    expect(await raw(port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).toMatch(/ 40[03] /);
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\nConnection: close\r\n\r\n`)).toMatch(/ 400 /);
    expect(await raw(port, `GET http://evil.com/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toMatch(/ 400 /);
    expect(await raw(port, `GET //evil.com/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toMatch(/ 400 /);
  });

  test("may be named, with a port or without", async ({ store }) => {
    const panel = studio(store, { hosts: ["Admin.example.com", "other.example.com:8443"], authorize: () => true });
    expect((await get(panel, "/", { host: "admin.example.com:1" })).status).toBe(200);
    expect((await get(panel, "/", { host: "other.example.com:8443" })).status).toBe(200);
    expect((await get(panel, "/", { host: "other.example.com" })).status).toBe(403);
    expect((await get(panel, "/", { host: "localhost" })).status).toBe(403);
  });
});

describe("every call", () => {
  test("refuses another host, another site's page, and whoever has no token", async ({ store }) => {
    const panel = studio(store, { role: "admin" });
    const calls = [...Object.keys(routes).map((path) => `/api${path}`), ...Object.keys(changes).map((name) => `/api/changes/${name}`)];
    const cases = [
      [{ host: "evil.com" }, 403, "host-refused"],
      [{ origin: "http://evil.com" }, 403, "origin-refused"],
      [{ "sec-fetch-site": "cross-site" }, 403, "origin-refused"],
      [{ authorization: "" }, 401, "not-authorized"],
    ] as const;
    for (const path of calls) {
      for (const [headers, status, code] of cases) {
        const isChange = path.startsWith("/api/changes/");
        const answer = isChange ? await change(panel, path.slice("/api/changes/".length), {}, headers) : await get(panel, path, headers);
        expect([path, headers, answer.status, (await answer.json()).code]).toEqual([path, headers, status, code]);
      }
    }
  });
});

describe("the origin", () => {
  const data = ["/api/overview", "/api/streams", "/assets/studio.js"];

  test.for([
    { origin: "http://evil.com" },
    { origin: "null" },
    { origin: "http://localhost:4984" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
  ])("of another site gets no data: %j", async (headers, { store }) => {
    const panel = studio(store);
    for (const path of data) expect((await get(panel, path, headers)).status, path).toBe(403);
  });

  test("of another site may link to a page, but neither frame nor fetch it", async ({ store }) => {
    const panel = studio(store);
    const navigation = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await get(panel, "/streams", { ...navigation, "sec-fetch-dest": "document" })).status).toBe(200);
    expect((await get(panel, "/streams", { ...navigation, "sec-fetch-dest": "iframe" })).status).toBe(403);
    expect((await get(panel, "/streams", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" })).status).toBe(403);
  });

  test("of the studio itself is let in, and nobody is told that others may read", async ({ store }) => {
    const panel = studio(store);
    const response = await get(panel, "/api/streams", { origin: "http://localhost:4983", "sec-fetch-site": "same-origin" });
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("a change", () => {
  test.for(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("by %s is refused", async (method, { store }) => {
    const panel = studio(store);
    for (const path of paths) {
      const response = await get(panel, path, { "content-type": "text/plain", "x-http-method-override": "GET" }, { method });
      expect([response.status, response.headers.get("allow")], path).toEqual([405, "GET, HEAD"]);
    }
  });

  test("is not what GET makes of an override", async ({ store }) => {
    const panel = studio(store);
    const before = await store.highWaterMark();
    for (const path of paths) await get(panel, path, { "x-http-method-override": "DELETE", "x-method-override": "POST" });
    expect(await store.highWaterMark()).toBe(before);
  });

  test("HEAD tells what GET would, without a body", async ({ store }) => {
    const panel = studio(store);
    const response = await get(panel, "/", {}, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });
});

describe("the token", () => {
  test("is asked for on every page and call, and not for the package's own files", async ({ store }) => {
    const panel = studio(store);
    for (const path of paths) {
      const status = path.startsWith("/assets/") ? 200 : 401;
      for (const authorization of ["", "Bearer", "Bearer wrong", `Basic ${panel.token}`])
        expect((await get(panel, path, { authorization })).status, path).toBe(status);
    }
  });

  test("in an address opens a page and sets a cookie that opens the rest", async ({ store }) => {
    const panel = studio(store);
    const first = await get(panel, `/streams?token=${panel.token}`, { authorization: "" });
    const cookie = first.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^tidemark-studio-[0-9a-f]{12}=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    const pair = cookie.split(";", 1)[0] ?? "";
    expect((await get(panel, "/api/streams", { authorization: "", cookie: `other=1; ${pair}` })).status).toBe(200);
    expect((await get(panel, "/api/streams", { authorization: "", cookie: `${pair}x` })).status).toBe(401);
    expect((await get(panel, `/api/streams?token=${panel.token}`, { authorization: "" })).status).toBe(401);
    expect((await get(panel, "/?token=wrong", { authorization: "" })).headers.get("set-cookie")).toBeNull();
  });

  test("is another one each time, and there is none where the application decides", async ({ store }) => {
    const tokens = [studio(store), studio(store)];
    expect(tokens[0]?.token).not.toBe(tokens[1]?.token);
    expect(studio(store, { authorize: () => true }).token).toBeUndefined();
  });
});

describe("authorize", () => {
  const answers: readonly (readonly [string, NonNullable<StudioOptions["authorize"]>, number])[] = [
    ["true", () => true, 200],
    ["a promise of true", () => Promise.resolve(true), 200],
    ["false", () => false, 401],
    [
      "an error",
      () => {
        throw new Error("no directory");
      },
      401,
    ],
    ["a promise that rejects", () => Promise.reject(new Error("no directory")), 401],
  ];

  test.for(answers)("answers with %s", async ([, authorize, status], { store }) => {
    const panel = studio(store, { authorize });
    expect((await get(panel, "/api/streams")).status).toBe(status);
    expect((await get(panel, "/streams")).status).toBe(status);
  });

  test("gets the request, and cannot let in what has the wrong host", async ({ store }) => {
    const asked: string[] = [];
    const panel = studio(store, { authorize: (request) => asked.push(request.headers.get("x-user") ?? "") > 0 });
    expect((await get(panel, "/api/streams", { "x-user": "ada" })).status).toBe(200);
    expect((await get(panel, "/api/streams", { "x-user": "eve", host: "evil.com" })).status).toBe(403);
    expect(asked).toEqual(["ada"]);
  });
});

describe("every answer", () => {
  test("forbids scripts, styles, frames and caches of others", async ({ store }) => {
    const panel = studio(store);
    const answers = [
      ...paths.map((path) => get(panel, path)),
      get(panel, "/", { host: "evil.com" }),
      get(panel, "/", { authorization: "" }),
      get(panel, "/", {}, { method: "POST" }),
    ];
    for (const { headers, url } of await Promise.all(answers)) {
      expect(headers.get("content-security-policy"), url).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
      );
      expect(Object.fromEntries(headers), url).toMatchObject({
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
      });
    }
  });

  test("shows a host that is no host as text", async ({ store }) => {
    const panel = studio(store);
    const response = await panel.fetch(new Request("http://localhost/", { headers: { host: "<img/src=x>" } }));
    expect(await response.text()).not.toContain("<img");
  });
});

test.for([
  "/assets/../package.json",
  "/assets/..%2fpackage.json",
  "/assets/%2e%2e%2fpackage.json",
  "/assets/studio.js%00",
  "/assets/..\\package.json",
  "/assets/constructor",
])("no file lies at %s", async (path, { store }) => {
  await using served = await serveStudio(store);
  const token = new URL(served.url).searchParams.get("token");
  expect(await statusOf(served.port, path, { host: "localhost", authorization: `Bearer ${token}` })).toBe(404);
});

describe("the options", () => {
  function refused(store: EventStore, options: object): string {
    try {
      studio(store, options);
    } catch (error) {
      if (isTidemarkError(error, "INVALID_ARGUMENT")) return error.message;
    }
    return "nothing was refused";
  }

  test.for([
    [{ host: "localhost" }, "is not an option; known are authorize, role, hosts"],
    [{ hosts: ["admin.example.com"] }, "Pass authorize"],
    [{ hosts: ["http://localhost"] }, "without a scheme or path"],
    [{ hosts: [] }, "must be a list of host names"],
    [{ hosts: ["*"], authorize: () => true }, "must be a host name"],
    [{ authorize: "ada" }, "must be a function"],
    [{ role: "root" }, "must be one of viewer, operator, admin"],
    [{ role: "admin", authorize: Boolean }, "but authorize decides here"],
    [{ basePath: "studio" }, "must be a path"],
    [{ basePath: '/a"><script>' }, "must be a path"],
    [{ basePath: "/.." }, "must be a path"],
    [{ timeoutMs: 0 }, "from 100 to 60000"],
    [{ schema: "" }, "must be the name"],
  ] as const)("%j are refused", ([options, told], { store }) => {
    expect(refused(store, options)).toContain(told);
  });

  test("an address that others can reach needs authorize", async ({ store }) => {
    await expect(serveStudio(store, { address: "0.0.0.0" })).rejects.toThrow("Pass authorize");
    await using served = await serveStudio(store);
    expect(new URL(served.url).hostname).toBe("127.0.0.1");
  });
});
