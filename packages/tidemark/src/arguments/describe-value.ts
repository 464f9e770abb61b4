/** What a terminal or a log viewer would act on or hide: controls, bidi marks, zero-width and line separators, lone surrogates. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu;
const shownCharacters = 60;

/** User and password of a URL, up to its last @, and a password among its parameters. It stands in the wrong argument now and then. */
const credentials = /(?<=:\/\/)\S*(?=@)|(?<=[?&](?:ssl)?password=)[^&\s]+/gi;

/** Text in which no URL tells its user and password. */
export function hideCredentials(text: string): string {
  return text.replaceAll(credentials, "…");
}

/** Text that a terminal only shows: what it would act on is escaped, the end of a line too. Works on JSON, which it leaves JSON. */
export function escapeUnsafe(text: string): string {
  return text.replaceAll(unsafe, escape);
}

/** Text for a message: in quotes, what a terminal would act on escaped, a URL's credentials hidden, what is long cut. */
export function quoteText(text: string): string {
  // Hidden before it is cut: the cut could take the @ that tells a password from a path.
  const told = hideCredentials(text.slice(0, 4096));
  const shown = escapeUnsafe(JSON.stringify(told.slice(0, shownCharacters)));
  return told.length > shownCharacters ? `${shown}… (${text.length} characters)` : shown;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Any value for a message: what it is, never all that it holds. Never throws. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoteText(value);
    case "number":
      return Object.is(value, -0) ? "-0" : `${value}`;
    case "bigint":
      return `${`${value}`.slice(0, shownCharacters)}n`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return String(value);
  }
}

function showObject(value: object): string {
  const name = className(value);
  if (name === "Object") return "an object";
  return name === "Array" ? "an array" : `an object of class ${name}`;
}

/** The name of an object's class, `Object` where it has none. A trap or getter that throws counts as none. */
export function className(value: object): string {
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    const maker: unknown = typeof prototype === "object" && prototype !== null && "constructor" in prototype ? prototype.constructor : undefined;
    return typeof maker === "function" && maker.name !== "" ? quoteText(maker.name).slice(1, -1) : "Object";
  } catch {
    return "Object";
  }
}

/** One step of a path: `.price`, `[3]` or `["unit price"]`. */
export function quoteStep(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) && step.length <= shownCharacters ? `.${step}` : `[${quoteText(step)}]`;
}
