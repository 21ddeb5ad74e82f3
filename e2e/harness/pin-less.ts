import type { Answer, Session } from "./session.ts";
import type { Stack } from "./stack.ts";

/** A script by which a page has the card sign as the institution, in a session of whoever asks. */
export const TERMINAL = `
  const { nonce } = given;
  const { certificates } = await (await fetch("/terminal")).json();
  const sign = async (request) => {
    const { status, body } = await post("/terminal", { nonce, request });
    if (status !== 200) throw new KazashiError(body.code);
    return body.signature;
  };
  return await card.authenticatePinless({ nonce, terminal: { certificates, sign } });`;

/**
 * Opens a page for a script, which runs there as one of its own, with a card; its requests to the
 * server are those of this session. Returns what it returns, or the code and the tries left of the
 * error it ends with.
 */
// biome-ignore lint/suspicious/noExplicitAny: each script has another
export async function withCard<T = any>(
  stack: Stack,
  session: Session,
  script: string,
  given: object = {},
): Promise<T> {
  const page = await stack.openIdlePage();
  const post = (path: string, body: object): Promise<Answer> => session.post(path, body);
  await page.exposeFunction("post", post);
  const outcome = await page.evaluate(`(async (given) => {
    const { connect, KazashiError } = await import("/kazashi/index.js");
    const page = new AbortController();
    const card = await (await connect({ signal: page.signal })).card();
    try {
      ${script}
    } catch (error) {
      if (!(error instanceof KazashiError)) throw error;
      return JSON.parse(JSON.stringify({ code: error.code, retriesLeft: error.retriesLeft }));
    } finally {
      await card.release();
      page.abort();
    }
  })(${JSON.stringify(given)})`);
  await page.context().close();
  return outcome as T;
}
