import { randomBytes, randomUUID } from "node:crypto";
import type { CallToolResult, InputRequiredResult, McpServer, RequestStateCodec, ServerContext } from "@modelcontextprotocol/server";
import type { EventStore } from "tidemark";
import { problemOf } from "../api/problem.ts";
import { changes } from "../changes/change-table.ts";
import { ChangeDesk } from "../changes/desk.ts";
import type { StudioUser } from "../options.ts";
import { asData } from "./as-data.ts";
import type { ChangingTool } from "./changing-tools.ts";
import type { Protocol } from "./protocol.ts";

type Given = Readonly<Record<string, unknown>>;

/** A call of a tool. */
export interface ChangeCall {
  readonly tool: ChangingTool;
  readonly given: Given;
  readonly context: ServerContext;
  readonly server: McpServer;
  /** In whose name. */
  readonly user: StudioUser;
}

/** What was confirmed: a change to be made as its plan said, and none other. */
interface Confirmed {
  readonly change: string;
  readonly confirm: string;
}

interface Asked extends ChangeCall {
  readonly parameters: Given;
}

type ChangePlan = Extract<Awaited<ReturnType<ChangeDesk["answer"]>>, { readonly effects: unknown }>;

const question = "confirm";
const properties = { [question]: { type: "boolean" as const, title: "Do it", description: "Whether to make this change." } };
/**
 * Makes the studio's changes for models, through the same desk and audit, after somebody has confirmed the plan. Clients that can ask their user are
 * told to: the model has no way around it. Others get the plan with a token, and have to call again.
 */
export class Changes {
  readonly #desk: ChangeDesk;
  readonly #protocol: Protocol;
  /** Signed: what a client sends back may be anything. */
  readonly codec: RequestStateCodec<Confirmed>;

  constructor(store: EventStore, protocol: Protocol) {
    this.#desk = new ChangeDesk(store);
    this.#protocol = protocol;
    this.codec = protocol.createRequestStateCodec<Confirmed>({ key: randomBytes(32), ttlSeconds: 600 });
  }

  async to(call: ChangeCall): Promise<CallToolResult | InputRequiredResult> {
    const { confirmation, ...parameters } = call.given;
    const asked: Asked = { ...call, parameters };
    try {
      if (this.#canAsk(call)) return await this.#askUser(asked);
      if (typeof confirmation !== "string") return await this.#tellPlan(asked);
      const confirmed = await this.codec.verify(confirmation, call.context).catch(() => undefined);
      return await this.#make(asked, confirmed);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "internal") console.error(`The tool ${call.tool.name} failed.`, error);
      return { content: [{ type: "text", text: asData({ problem }) }], isError: true };
    }
  }

  /** Of the request, or of the connection where clients say it once. */
  #canAsk({ context: { mcpReq }, server }: ChangeCall): boolean {
    const ofRequest: unknown = Reflect.get(mcpReq.envelope ?? {}, this.#protocol.CLIENT_CAPABILITIES_META_KEY);
    const capabilities = ofRequest ?? server.server.getClientCapabilities();
    return typeof capabilities === "object" && capabilities !== null && Reflect.get(capabilities, "elicitation") !== undefined;
  }

  async #askUser(asked: Asked): Promise<CallToolResult | InputRequiredResult> {
    const { inputRequired, inputResponse } = this.#protocol;
    const { mcpReq } = asked.context;
    const answer = inputResponse(mcpReq.inputResponses, question);
    if (answer.kind === "elicit") {
      if (answer.action === "accept" && answer.content?.["confirm"] === true) return this.#make(asked, mcpReq.requestState<Confirmed>());
      return refused("The user did not confirm it. Nothing was changed.");
    }
    const plan = await this.#planOf(asked);
    const message = [`${plan.title}?`, ...plan.effects, ...plan.state, ...(plan.grave ? ["This cannot be taken back."] : [])].join("\n");
    const requestState = await this.codec.mint({ change: asked.tool.change, confirm: plan.confirm });
    return inputRequired({
      inputRequests: { [question]: inputRequired.elicit({ message, requestedSchema: { type: "object", properties, required: [question] } }) },
      requestState,
    });
  }

  async #tellPlan(asked: Asked): Promise<CallToolResult> {
    const { title, effects, state, grave, confirm } = await this.#planOf(asked);
    const confirmation = await this.codec.mint({ change: asked.tool.change, confirm });
    const next = "Nothing was changed yet. Show this to the user. Only if they agree, call again with the same arguments and this confirmation.";
    return told({ made: false, title, effects: [...effects, ...state], grave, confirmation, next });
  }

  async #make(asked: Asked, confirmed: Confirmed | undefined): Promise<CallToolResult> {
    if (confirmed?.change !== asked.tool.change)
      return refused("The confirmation is none of this change, or too old. Nothing was changed. Call again without it.");
    const done = await this.#ask(asked, { parameters: asked.parameters, id: randomUUID(), confirm: confirmed.confirm });
    if (!("warning" in done)) throw new TypeError("A change that was confirmed was not made.");
    const next = done.warning === null ? "Done, and written to the audit." : `${done.warning} Do not make it again.`;
    return told({ made: true, title: done.title, effects: [], grave: false, confirmation: null, next });
  }

  async #planOf(asked: Asked): Promise<ChangePlan> {
    const plan = await this.#ask(asked, { parameters: asked.parameters });
    if (!("effects" in plan)) throw new TypeError("A change was made that nobody had confirmed.");
    return plan;
  }

  #ask({ tool: { change: name }, user }: Asked, body: object): ReturnType<ChangeDesk["answer"]> {
    const change = changes[name];
    if (!change) throw new TypeError(`There is no change ${name}.`);
    // What was begun is ended, whether somebody waits for it or not.
    return this.#desk.answer(change, { body, actor: user, signal: new AbortController().signal });
  }
}

function told(outcome: object): CallToolResult {
  return { content: [{ type: "text", text: asData(outcome) }], structuredContent: { ...outcome } };
}

function refused(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
