import { described, flag, list, object, oneOf, orNull, text } from "./schemas.ts";
import type { JsonSchema, ToolParameter } from "./tool.ts";

/** Something that a model may ask to be changed, once it is allowed and a person has confirmed it. */
export interface ChangingTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Its name among the changes of the studio. */
  readonly change: string;
  readonly parameters: Readonly<Record<string, ToolParameter>>;
  readonly required: readonly string[];
  /** Whether it cannot be taken back. */
  readonly isDestructive: boolean;
}

const some = { type: "string", minLength: 1, maxLength: 1_024 };
const kind: ToolParameter = { schema: described(oneOf("consumer", "relay"), "What it is.") };
const name: ToolParameter = { schema: described(some, "Its name.") };
const consumer: ToolParameter = { schema: described(some, "The name of the consumer or relay.") };
const position: ToolParameter = { schema: { type: "integer", minimum: 1, description: "The position of the letter's event." } };

/** For clients that cannot ask their user. */
export const confirmation: ToolParameter = {
  schema: described(some, "From the answer of the first call, once the user has seen its plan and agreed. Leave it out at first."),
};

/** What a changing tool answers: the plan, or that it was made. */
export const outcome: JsonSchema = object({ made: flag, title: text, effects: list(text), grave: flag, confirmation: orNull(text), next: text });

/** Pausing and retrying can be taken back; discarding a letter and moving a follower cannot. */
export const changingTools: readonly ChangingTool[] = [
  {
    name: "pause_follower",
    title: "Pause a consumer or relay",
    description: "Pauses a consumer or a relay, until it is resumed.",
    change: "pause",
    parameters: { kind, name, reason: { schema: { ...text, maxLength: 1_000, description: "Why, for those who look at it later." } } },
    required: ["kind", "name"],
    isDestructive: false,
  },
  {
    name: "resume_follower",
    title: "Resume a consumer or relay",
    description: "Ends the pause of a consumer or a relay.",
    change: "resume",
    parameters: { kind, name },
    required: ["kind", "name"],
    isDestructive: false,
  },
  {
    name: "retry_dead_letter",
    title: "Retry a dead letter",
    description: "Has a worker handle the event of a dead letter again.",
    change: "retry-letter",
    parameters: { kind, consumer, position },
    required: ["kind", "consumer", "position"],
    isDestructive: false,
  },
  {
    name: "discard_dead_letter",
    title: "Discard a dead letter",
    description: "Removes a dead letter for good: its event is never handled.",
    change: "discard-letter",
    parameters: { kind, consumer, position },
    required: ["kind", "consumer", "position"],
    isDestructive: true,
  },
];
