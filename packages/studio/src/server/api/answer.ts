import type { EventStore } from "tidemark";
import { isEnough } from "../../wire/changes.ts";
import type { Question } from "../../wire/questions.ts";
import { changes } from "../changes/change-table.ts";
import { ChangeDesk } from "../changes/desk.ts";
import { ChangeRefusedError } from "../changes/refused.ts";
import type { StudioUser, ValidOptions } from "../options.ts";
import { beginReports } from "./beforehand.ts";
import { bodyOf } from "./body.ts";
import type { Route } from "./call.ts";
import { orAborted } from "./or-aborted.ts";
import { AbsentError, LeftError, problemResponse } from "./problem.ts";
import { Reader } from "./reader.ts";

/** Runs routes and changes of one tenant for requests. */
export class Api {
  readonly #options: ValidOptions;
  readonly #reader: Reader;
  readonly #desk: ChangeDesk;

  /** @param root - The store of all tenants, whose turns it takes. */
  constructor(store: EventStore, options: ValidOptions, root: EventStore) {
    this.#options = options;
    this.#reader = new Reader(store, options, root);
    this.#desk = new ChangeDesk(store);
  }

  /** A page was asked for, by somebody who may see it. */
  begin(questions: readonly Question[], user: StudioUser): void {
    void beginReports(questions, this.#reader, user);
  }

  answer({ url, signal }: Request, user: StudioUser, route: Route): Promise<Response> {
    return responseOf(async () => {
      if (!isEnough(user.role, route.role)) throw new ChangeRefusedError("role-refused", `Only an ${route.role} may see this.`);
      try {
        return await this.#reader.read(route, { query: new URL(url).searchParams, user, left: signal });
      } catch (error) {
        throw signal.aborted ? new LeftError() : error;
      }
    });
  }

  /** What was begun is ended, whether somebody waits for it or not. */
  change(request: Request, user: StudioUser, name: string): Promise<Response> {
    return responseOf(async () => {
      const change = Object.hasOwn(changes, name) ? changes[name] : undefined;
      if (!change) throw new AbsentError(`There is no change ${JSON.stringify(name)}.`);
      const signal = AbortSignal.timeout(this.#options.timeoutMs);
      return orAborted(async () => this.#desk.answer(change, { body: await bodyOf(request), actor: user, signal }), signal);
    });
  }
}

async function responseOf(work: () => Promise<unknown>): Promise<Response> {
  try {
    const answer = await work();
    return answer instanceof Response ? answer : Response.json(answer);
  } catch (error) {
    return problemResponse(error);
  }
}
