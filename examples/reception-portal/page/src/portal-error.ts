/** The server said no, or nothing. */
export class PortalError extends Error {
  override readonly name = "PortalError";
  /**
   * A Kazashi error code, one of the portal's own, or `unreachable`: no answer came, and whether the
   * server did what was asked is unknown.
   */
  readonly code: string;
  /** After how many seconds to try again, where the server said so. */
  readonly retryAfter: number | undefined;

  constructor(code: string, options: ErrorOptions & { retryAfter?: number | undefined } = {}) {
    super(code, options);
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}

/** Whether the server did not get to answer, so that asking again may help. */
export function isSilence(error: unknown): error is PortalError {
  const codes = ["unreachable", "unavailable", "too-many-requests"];
  return error instanceof PortalError && codes.includes(error.code);
}
