import type { EventStore } from "tidemark";
import type { Question } from "../../wire/questions.ts";
import type { StudioUser, ValidOptions } from "../options.ts";
import { Api } from "./answer.ts";
import type { Route } from "./call.ts";
import { AbsentError, problemResponse } from "./problem.ts";

/** Reports, a tail and a desk are kept for so many tenants: those that were asked for last. */
const most = 100;

/** Each tenant that pages are asked of, with an `Api` of its own: nothing that one keeps is shown of another. */
export class TenantApis {
  readonly #store: EventStore;
  readonly #options: ValidOptions;
  readonly #own: Api;
  readonly #others = new Map<string, Api>();

  constructor(store: EventStore, options: ValidOptions) {
    this.#store = store;
    this.#options = options;
    this.#own = new Api(store, options, store);
  }

  /** A page was asked for, by somebody who may see it. @param questions - What it will ask. */
  begin(request: Request, user: StudioUser, questions: readonly Question[]): void {
    try {
      this.#of(request).begin(questions, user);
    } catch {
      // Whoever asks for the report is told.
    }
  }

  answer(request: Request, user: StudioUser, route: Route): Promise<Response> {
    return this.#by(request, (api) => api.answer(request, user, route));
  }

  change(request: Request, user: StudioUser, name: string): Promise<Response> {
    return this.#by(request, (api) => api.change(request, user, name));
  }

  async #by(request: Request, work: (api: Api) => Promise<Response>): Promise<Response> {
    let api: Api;
    try {
      api = this.#of(request);
    } catch (error) {
      return problemResponse(error);
    }
    return work(api);
  }

  /** @throws {@link AbsentError} */
  #of(request: Request): Api {
    const tenant = new URL(request.url).searchParams.get("tenant") ?? "";
    if (tenant === "") return this.#own;
    if (this.#options.tenants !== "all") throw new AbsentError('This studio shows one tenant. With the option tenants: "all" it shows every one.');
    const api = this.#others.get(tenant) ?? new Api(this.#store.forTenant(tenant), this.#options, this.#store);
    // The latest stands at the end.
    this.#others.delete(tenant);
    this.#others.set(tenant, api);
    for (const oldest of this.#others.keys()) {
      if (this.#others.size <= most) break;
      this.#others.delete(oldest);
    }
    return api;
  }
}
