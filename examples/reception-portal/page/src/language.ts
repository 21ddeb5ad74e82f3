import { timeOf } from "./day.ts";

/** What people read, in both languages. */
export interface Text {
  readonly ja: string;
  readonly en: string;
}

export type Language = keyof Text;

/** The language that a visitor finds. */
export const HOUSE: Language = "ja";

const KEY = "language";

/** The language of this session. Dispatches `change`. */
class CurrentLanguage extends EventTarget {
  #current: Language = sessionStorage.getItem(KEY) === "en" ? "en" : "ja";

  get current(): Language {
    return this.#current;
  }

  set current(language: Language) {
    this.#current = language;
    sessionStorage.setItem(KEY, language);
    this.dispatchEvent(new Event("change"));
  }
}

/** Japanese, until somebody chooses English. */
export const language = new CurrentLanguage();

/** The text in the current language. */
export function say(text: Text): string {
  return text[language.current];
}

/** A time of the day, as the institution's clock shows it. */
export function sayTime(at: string): string {
  return timeOf(new Date(at), language.current === "ja" ? "ja-JP" : "en-GB");
}

/** A day in words, in Japanese by its era. `day` is `YYYY-MM-DD`. */
export function sayDay(day: string): string {
  return format(day, language.current === "ja" ? "ja-JP-u-ca-japanese" : "en-GB");
}

/** The same by the Western calendar, as cards have their date of expiry. */
export function sayWesternDay(day: string): string {
  return format(day, language.current === "ja" ? "ja-JP" : "en-GB");
}

function format(day: string, calendar: string): string {
  // What the register does not know of a date of birth is zeros.
  if (/\b0+\b/.test(day)) return day.replace(/\b0+\b/g, "?");
  const date = new Date(`${day}T00:00:00Z`);
  return new Intl.DateTimeFormat(calendar, { dateStyle: "long", timeZone: "UTC" }).format(date);
}
