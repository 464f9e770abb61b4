/** A command did its work, and printed it, but what it found is no success: it ends with 1 and says no more. */
export class Finding extends Error {
  override readonly name = "Finding";
}
