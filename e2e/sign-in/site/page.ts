import type { Page } from "playwright-core";
import { DESK_PASSWORD } from "./server.ts";

/** The sign-in page as a person uses it. */
export class SignInPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** Presses the button, with a PIN in the page's own field if there is one to type. */
  async pressSignIn(pin?: string): Promise<void> {
    if (pin !== undefined) await this.page.fill("#pin", pin);
    await this.page.click("#with-pin button");
  }

  /** Opens the desk, as its staff. */
  async openDesk(): Promise<void> {
    await this.page.fill("#password", DESK_PASSWORD);
    await this.page.click("#open-desk button");
    await this.page.waitForSelector("#without-pin:visible");
  }

  /** Presses the button by which the institution signs the visitor in. */
  async pressWithoutPin(): Promise<void> {
    await this.page.click("#without-pin button");
  }

  /** Enrols the card; the PIN is typed into the page, or into the bridge's dialog. */
  async enrol(birthDate: string, pin = ""): Promise<void> {
    await this.page.fill("#birth-date", birthDate);
    if (pin) await this.page.fill("#enrolment-pin", pin);
    await this.page.click("#enrol button");
  }

  /** Presses the button for cards that were enrolled. */
  async pressCheckIn(): Promise<void> {
    await this.page.click("#presence button");
  }

  /** Makes the page ready for the next visitor. */
  async next(): Promise<void> {
    await this.page.click("#next");
  }

  /** The subject that the server knows this person by, once signed in. */
  async subject(): Promise<string> {
    await this.page.waitForSelector("#welcome:visible", { timeout: 20_000 }).catch(async () => {
      throw new Error(`not signed in: ${await this.page.textContent("#problem")}`);
    });
    return (await this.page.textContent("#subject")) ?? "";
  }

  /** What the page says went wrong in the end: the code, and the text that a person reads. */
  async problem(): Promise<{ code: string | undefined; text: string }> {
    // Until then it may ask for a card that it has not been told of yet.
    await this.page.locator("#waiting").waitFor({ state: "hidden" });
    return await this.hint();
  }

  /** What the page says now, perhaps of what it waits for. */
  async hint(): Promise<{ code: string | undefined; text: string }> {
    const problem = this.page.locator("#problem");
    await problem.waitFor({ state: "visible" });
    const code = (await problem.getAttribute("data-code")) ?? undefined;
    return { code, text: (await problem.textContent()) ?? "" };
  }
}
