import { join } from "node:path";
import type { JSHandle, Page } from "playwright-core";
import { inProject } from "./paths.ts";

export type {
  BasicAttributes,
  Card,
  CertificateKind,
  ErrorCode,
  Host,
  Kazashi,
  PinStatus,
  Scope,
} from "../js/src/index.ts";
export type { CardKind, VirtualHost } from "../js/src/testing.ts";

/** The modules of the npm package that a page or a server imports. */
export interface Modules {
  "index.js": typeof import("../js/src/index.ts");
  "testing.js": typeof import("../js/src/testing.ts");
  "verify.js": typeof import("../js/src/verify.ts");
}

/** A file of the package as it would be published. */
export const inPackage = (path: string): string => inProject(join("target/npm/kazashi/dist", path));

/** Imports a module of the package into the tests, as a server does. */
export function importHere<Name extends keyof Modules>(module: Name): Promise<Modules[Name]> {
  return import(inPackage(module));
}

/** Imports a module of the package into a page. */
export function importInto<Name extends keyof Modules>(
  page: Page,
  module: Name,
): Promise<JSHandle<Modules[Name]>> {
  // As text: what vitest makes of an import is for Node.
  return page.evaluateHandle<Modules[Name]>(`import("/kazashi/${module}")`);
}

/**
 * Runs a script in a page, as one of its own, with a `card` and what it is `given`. Returns what the
 * script returns, or the code and the tries left of the error it ends with.
 */
// biome-ignore lint/suspicious/noExplicitAny: each script returns something else
export async function withCard<T = any>(
  page: Page,
  script: string,
  given: object = {},
): Promise<T> {
  return await page.evaluate(`(async (given) => {
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
}
