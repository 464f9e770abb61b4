const oldest = { major: 22, minor: 18 };

/**
 * Says that this Node.js is too old; undefined if it is not. npm only warns of `engines`, and an older Node.js fails in the middle of a
 * call with an error that names another cause, or hangs.
 */
export function nodeTooOld(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return `tidemark needs Node.js ${oldest.major}.${oldest.minor} or later; this is ${process.versions.node} (${process.execPath}).`;
}
