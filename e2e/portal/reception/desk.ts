import type { Page } from "playwright-core";
import { ACCOUNT } from "./server.ts";

/** What is printed on the first of the virtual cards, and opens its face (照合番号B). */
const FACE_OF_HANAKO = {
  era: "showa",
  year: "55",
  month: "2",
  day: "17",
  expiryYear: "2035",
  securityCode: "2285",
};

/** That the card is known again, as the form of what is kept calls it. */
export const REMEMBERED = "このカードを覚えて、次からは暗証番号なしで受付する";

/** The desk's page as staff and visitors use it, in Japanese. */
export class Desk {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Waits until the page is ready for the next visitor. */
  async isReady(): Promise<this> {
    await this.shows("カードリーダーに置いてください");
    return this;
  }

  /** Waits for a heading that has these words. */
  async shows(words: string): Promise<void> {
    await this.page.locator("h1", { hasText: words }).waitFor();
  }

  /** Waits for what says that something went wrong, and returns it. */
  async trouble(code: string): Promise<string> {
    const trouble = this.page.locator(`main [data-code=${code}]`);
    return (await trouble.textContent()) ?? "";
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole("button", { name: button }).click();
  }

  async tick(option: string): Promise<void> {
    await this.page.getByLabel(option, { exact: true }).check();
  }

  /** The visitor chooses the PIN, and agrees to have these read and kept; what follows asks for the PIN. */
  async choosePin(...kept: string[]): Promise<void> {
    await this.press("暗証番号で受付");
    for (const item of kept) await this.tick(item);
    await this.press("進む");
  }

  /** The visitor chooses the photo, and the staff type what is printed on the card's front. */
  async choosePhoto(changed: Partial<typeof FACE_OF_HANAKO> = {}): Promise<void> {
    await this.press("顔写真を見て受付");
    await this.readFace(changed);
  }

  /** The staff type what is printed on the card's front, by which the card is read. */
  async readFace(changed: Partial<typeof FACE_OF_HANAKO> = {}): Promise<void> {
    const { expiryYear, securityCode, ...birthDate } = { ...FACE_OF_HANAKO, ...changed };
    await this.typeBirthDate(birthDate);
    await this.#fill({ expiryYear, securityCode });
    await this.press("券面を読み取る");
  }

  /** The staff see by the photo that it is the holder, and type what the visitor does not know. */
  async recognise(code = ACCOUNT.password): Promise<void> {
    await this.page.fill("[name=code]", code);
    await this.press("本人と一致する");
  }

  /** The visitor's number of the day, once the visit is recorded. */
  async number(): Promise<number> {
    return Number(await this.page.locator(".big-number").textContent());
  }

  /** What the receipt says was read, and what is kept. */
  async receipt(): Promise<string[][]> {
    const lists = await this.page.locator(".receipt-list").all();
    return await Promise.all(lists.map((list) => list.locator("li").allTextContents()));
  }

  /** Types the holder's birth date. */
  async typeBirthDate(changed: Partial<typeof FACE_OF_HANAKO> = {}): Promise<void> {
    const { era, year, month, day } = { ...FACE_OF_HANAKO, ...changed };
    await this.page.selectOption("[name=era]", era);
    await this.#fill({ year, month, day });
  }

  async #fill(fields: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(fields)) {
      await this.page.fill(`[name=${name}]`, value);
    }
  }
}
