import { Hono } from "hono";
import type { EventStore } from "tidemark";
import { routes } from "./api/routes.ts";
import { TenantApis } from "./api/tenant-apis.ts";
import { assetOf } from "./assets/assets.ts";
import { pageHtml, refusalHtml } from "./assets/page.ts";
import { firstQuestions } from "../wire/first-questions.ts";
import { type Question, searchOf } from "../wire/questions.ts";
import { checkOptions, type StudioOptions, type StudioUser } from "./options.ts";
import { Guard, methodsOf, type Refusal, type Wanted } from "./security/guard.ts";
import { securityHeaders } from "./security/headers.ts";
import { Token } from "./security/token.ts";

/**
 * A dashboard of one store, ready to be served.
 *
 * @example
 * ```ts
 * const { fetch, token }: Studio = studio(store);
 * ```
 */
export interface Studio {
  /** Answers a request. It never rejects, so that it cannot end the application that it is mounted in. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** What `?token=` has to say at the first visit. Undefined where `authorize` decides. */
  readonly token: string | undefined;
}

/**
 * Makes a dashboard of a store, or of a tenant's view: a fetch handler to mount in Hono, Bun and Deno as it is, and in Express and Fastify through
 * `nodeHandler`. It only reads, unless `authorize` or `role` says more. It needs nothing from outside: pages, scripts and styles come with the package.
 *
 * Every request must name a host of `hosts` and come from the studio's own pages. Without `authorize` it must hold `token`, in a cookie that the
 * first visit with `?token=` sets, or as `Authorization: Bearer`.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid or unknown, or `hosts` names another machine and nothing decides who may look.
 *
 * @example
 * ```ts
 * import { studio } from "@tidemark/studio";
 *
 * const { fetch } = studio(store, { basePath: "/studio", hosts: ["admin.example.com"], authorize: (request) => request.headers.get("x-user") === "ada" });
 * ```
 */
export function studio(store: EventStore, options: StudioOptions = {}): Studio {
  const valid = checkOptions(store, options);
  const token = valid.authorize ? undefined : new Token(valid.basePath);
  const guard = new Guard(valid, token);
  const apis = new TenantApis(store, valid);
  const app = new Hono<{ Bindings: { readonly user: StudioUser } }>();

  app.get("/:page{[a-z-]*}", (context) => {
    const url = new URL(context.req.url);
    const questions = firstQuestions(url);
    apis.begin(context.req.raw, context.env.user, questions);
    const isFirst = token?.isInAddress(url) === true;
    return context.html(pageHtml(valid.basePath, addressesOf(questions, url, valid.basePath)), 200, isFirst ? { "set-cookie": token.setCookie } : {});
  });
  app.get("/assets/:name", async (context) => {
    const asset = await assetOf(context.req.param("name"));
    return asset ? context.body(asset.body, 200, { "content-type": asset.type }) : context.notFound();
  });
  for (const [path, route] of Object.entries(routes)) app.get(`/api${path}`, (context) => apis.answer(context.req.raw, context.env.user, route));
  app.post("/api/changes/:name", (context) => apis.change(context.req.raw, context.env.user, context.req.param("name")));

  async function answer(request: Request): Promise<Response> {
    const local = withoutBase(request, valid.basePath);
    const wanted = wantedBy(new URL(local.url).pathname);
    const { refusal, user } = await guard.enter(local, wanted);
    if (refusal) return refused(refusal, wanted);
    if (request.method !== "HEAD") return app.fetch(local, { user });
    const response = await app.fetch(new Request(local, { method: "GET" }), { user });
    // The live tail would be held for a body that nobody takes.
    await response.body?.cancel();
    return new Response(null, response);
  }

  return {
    token: token?.value,
    fetch: async (request) => {
      const response = await answer(request).catch(failed);
      for (const [name, value] of Object.entries(securityHeaders)) response.headers.set(name, value);
      return response;
    },
  };
}

/** Where questions of a page are asked, as its script writes it. */
function addressesOf(questions: readonly Question[], { searchParams }: URL, basePath: string): readonly string[] {
  const tenant = searchParams.get("tenant") ?? "";
  return questions.map(([call, parameters]) => `${basePath}/api/${call}${searchOf({ tenant, ...parameters })}`);
}

/** Some frameworks take the path off at which they mount, others leave it. */
function withoutBase(request: Request, basePath: string): Request {
  const url = new URL(request.url);
  if (basePath !== "" && (url.pathname === basePath || url.pathname.startsWith(`${basePath}/`))) url.pathname = url.pathname.slice(basePath.length) || "/";
  return url.href === request.url ? request : new Request(url, request);
}

/** Which pages there are, the browser's part knows: the document is the same for all. */
const pagePattern = /^\/[a-z-]*$/;

function wantedBy(path: string): Wanted {
  if (path.startsWith("/api/changes/")) return "change";
  return pagePattern.test(path) ? "page" : path.startsWith("/assets/") ? "asset" : "data";
}

function refused({ status, code, title, detail }: Refusal, wanted: Wanted): Response {
  const headers = { ...(status === 405 && { allow: methodsOf(wanted).join(", ") }), ...(status === 401 && { "www-authenticate": "Bearer" }) };
  if (wanted === "page") return new Response(refusalHtml(title, detail), { status, headers: { ...headers, "content-type": "text/html; charset=utf-8" } });
  return Response.json({ title, detail, status, code }, { status, headers: { ...headers, "content-type": "application/problem+json" } });
}

function failed(error: unknown): Response {
  console.error("Tidemark Studio could not answer a request.", error);
  return Response.json({ title: "The studio failed", detail: "The reason is in the log.", status: 500, code: "internal" }, { status: 500 });
}
