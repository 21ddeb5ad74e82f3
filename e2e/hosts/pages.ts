import type { Page } from "playwright-core";
import type { SignInSite } from "../sign-in/site/site.ts";

/** The pages of the sign-in server that are open. */
export class Pages {
  readonly #site: SignInSite;
  #first: Page | undefined;
  #others: Page[] = [];

  constructor(site: SignInSite) {
    this.#site = site;
  }

  /**
   * Closes all but the first, and loads that anew without what it knew. Another in its place would be
   * no fresher, and take a process of its own and the time to compile WebAssembly.
   */
  async beginAnew(): Promise<Page> {
    for (const page of this.#others) await page.context().close();
    this.#others = [];
    if (!this.#first) {
      this.#first = await this.#site.openIdlePage();
    } else {
      await this.#first.context().clearCookies();
      await this.#first.reload();
    }
    return this.#first;
  }

  async openAnother(): Promise<Page> {
    const page = await this.#site.openIdlePage();
    this.#others.push(page);
    return page;
  }
}
