/** A change that is not made, for a reason that whoever asked for it can do something about. */
export class ChangeRefusedError extends Error {
  override readonly name = "ChangeRefusedError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
