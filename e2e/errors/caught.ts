import { readFile } from "node:fs/promises";
import { inProject } from "../paths.ts";

/** What a page can say of an error that it caught. */
export interface Caught {
  code: string;
  retriesLeft: number | undefined;
  ja: string;
  en: string;
}

/** A page, whoever drives its browser. */
interface Page {
  evaluate(script: string): Promise<unknown>;
}

/** Runs a script in a page, as one of its own, and returns the error that it ends with. */
export async function caught(page: Page, script: string, given: object = {}): Promise<Caught> {
  const error = await page.evaluate(`(async (given) => {
    const { connect, diagnose, KazashiError } = await import("/kazashi/index.js");
    const { message } = await import("/kazashi/messages.js");
    try {
      ${script}
    } catch (error) {
      if (!(error instanceof KazashiError)) throw error;
      const { code, retriesLeft } = error;
      return { code, retriesLeft, ja: message(error, "ja"), en: message(error, "en") };
    }
    throw new Error("nothing went wrong");
  })(${JSON.stringify(given)})`);
  return error as Caught;
}

/** The sentences for each code, as the table of errors documents them. */
export async function documentedWords(): Promise<Map<string, { ja: string; en: string }>> {
  const document = await readFile(inProject("docs/errors.md"), "utf8");
  const rows = document.matchAll(/^\| `(?<code>[a-z-]+)` \|.*\| (?<ja>.*)<br>(?<en>.*) \|$/gm);
  return new Map(
    Array.from(rows, ({ groups: { code = "", ja = "", en = "" } = {} }) => [code, { ja, en }]),
  );
}
