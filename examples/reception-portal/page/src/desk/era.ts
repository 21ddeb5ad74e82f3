import type { Text } from "../language.ts";

/** A calendar in which a card may name the year of birth. */
export interface Era {
  readonly id: string;
  readonly name: Text;
  /** The year before its first one, by the Western calendar. */
  readonly yearZero: number;
  /** Its first day, `YYYY-MM-DD`. */
  readonly begin: string;
  /** Its last, if it is over. 明治 and 大正 ended on the day on which the next began, the others on the day before. */
  readonly end?: string;
}

/** Newest first. Who has no Japanese nationality has the Western year on the card. */
export const ERAS: readonly Era[] = [
  { id: "reiwa", name: { ja: "令和", en: "令和 Reiwa" }, yearZero: 2018, begin: "2019-05-01" },
  {
    id: "heisei",
    name: { ja: "平成", en: "平成 Heisei" },
    yearZero: 1988,
    begin: "1989-01-08",
    end: "2019-04-30",
  },
  {
    id: "showa",
    name: { ja: "昭和", en: "昭和 Showa" },
    yearZero: 1925,
    begin: "1926-12-25",
    end: "1989-01-07",
  },
  {
    id: "taisho",
    name: { ja: "大正", en: "大正 Taisho" },
    yearZero: 1911,
    begin: "1912-07-30",
    end: "1926-12-25",
  },
  {
    id: "meiji",
    name: { ja: "明治", en: "明治 Meiji" },
    yearZero: 1867,
    begin: "1873-01-01",
    end: "1912-07-30",
  },
];

export const WESTERN: Era = {
  id: "western",
  name: { ja: "西暦", en: "Western year" },
  yearZero: 0,
  begin: "1873-01-01",
};

/** The day (`YYYY-MM-DD`) that is written in this era, up to `today`; `undefined` if there was none. */
export function dayOf(
  era: Era,
  year: number,
  month: number,
  day: number,
  today: string,
): string | undefined {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(era.yearZero + year, month - 1, day);
  const isDay = year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay) return undefined;
  const written = date.toISOString().slice(0, 10);
  const isInEra = written >= era.begin && written <= (era.end ?? today) && written <= today;
  return isInEra ? written : undefined;
}

const DIGITS = "〇一二三四五六七八九";

/** 十, 十五, 五十, 五十五. */
const TENS = /^([一二三四五六七八九]?)十([一二三四五六七八九]?)$/;

/**
 * The number that somebody read off a card or has in mind: 55, ５５, 55年, 五十五, 五五, 元. `NaN` if it is
 * none.
 */
export function numberOf(written: string): number {
  const text = written
    .normalize("NFKC")
    .replace(/\s/g, "")
    .replace(/[年月日]$/, "")
    .replace(/^元$/, "1")
    // With a figure more or less than 10, 15, 50 and 55 have.
    .replace(TENS, (_, tens, ones) => (tens || "一") + (ones || "〇"));
  const figures = [...text].map((digit) => {
    const value = DIGITS.indexOf(digit);
    return value < 0 ? digit : String(value);
  });
  return /^[0-9]+$/.test(figures.join("")) ? Number(figures.join("")) : Number.NaN;
}
