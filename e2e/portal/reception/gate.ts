import type { Locator, Page } from "playwright-core";

/** What a gate may show of a visitor. */
export type Tone = "admitted" | "provisional" | "refused";

/** The gate's page as staff and visitors use it, in Japanese. */
export class Gate {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the gate of an event, or of the only one, and waits until it is ready for visitors. */
  async begin(event?: string): Promise<this> {
    if (event) await this.page.getByText(event).click();
    await this.page.getByRole("button", { name: "入場確認を始める" }).click();
    await this.page.locator(".gate-call", { hasText: "カードを置いてください" }).waitFor();
    await this.isConnected();
    return this;
  }

  /** Waits until the gate has its server. */
  async isConnected(): Promise<void> {
    await this.page.locator(".gate-server[data-state=up]").waitFor();
  }

  async shows(tone: Tone): Promise<void> {
    await this.page.locator(`.gate-result[data-tone=${tone}]`).waitFor();
  }

  /** Waits until the last visitor's result is gone. */
  async isFree(): Promise<void> {
    await this.page.locator(".gate-result").waitFor({ state: "detached" });
  }

  /** Why the visitor is let in or is not. */
  get why(): Locator {
    return this.page.locator(".gate-why");
  }

  /** How many visitors it has refused, or how many entries it has yet to send. */
  count(kind: "refused" | "waiting"): Locator {
    return this.page.locator(`.gate-count[data-kind=${kind}] dd`);
  }

  /** Waits until all that it had to send is sent. */
  async hasSentAll(): Promise<void> {
    await this.isConnected();
    await this.count("waiting").filter({ hasText: /^0$/ }).waitFor();
  }
}

/** Cuts the network between a page and its server. */
export async function cut(page: Page): Promise<void> {
  await page.route("**/*", (route) => route.abort());
}
