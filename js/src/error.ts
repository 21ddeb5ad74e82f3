/** Anything that went wrong and has a code. */
export class KazashiError extends Error {
  override readonly name: string = "KazashiError";
  readonly code: string;

  constructor(code: string, options: ErrorOptions & { message?: string } = {}) {
    super(options.message ?? code, options);
    this.code = code;
  }
}
