/** A default as prose, where an editor shows it in the middle of a sentence, or not at all. */
const asProse = /(?:^|[\s*])Default(?:: | is | [`"\d]| true\b| false\b)|\((?:the )?default\):/;

/** A sentence after a default, which an editor would show as a part of the default. */
const goesOn = /@defaultValue [^\n]*\. \S/;

/** The docstrings of a module that give a default in another way than as `@defaultValue` at their end. */
export function offDefaults(text: string): readonly string[] {
  const docstrings = text.match(/\/\*\*(?:(?!\*\/)[^])*\*\//g) ?? [];
  return docstrings.filter((docstring) => asProse.test(docstring) || goesOn.test(docstring));
}
