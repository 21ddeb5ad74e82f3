import type { Text } from "../language.ts";

/** A calendar in which a card may name the year of birth. */
export interface Era {
  readonly id: string;
  readonly name: Text;
  /** The year before its first one, by the Western calendar. */
  readonly yearZero: number;
  /** Its first day, `YYYY-MM-DD`. */
  readonly begin: string;
}

/** Newest first. Who has no Japanese nationality has the Western year on the card. */
export const ERAS: readonly Era[] = [
  { id: "reiwa", name: { ja: "令和", en: "令和 Reiwa" }, yearZero: 2018, begin: "2019-05-01" },
  { id: "heisei", name: { ja: "平成", en: "平成 Heisei" }, yearZero: 1988, begin: "1989-01-08" },
  { id: "showa", name: { ja: "昭和", en: "昭和 Showa" }, yearZero: 1925, begin: "1926-12-25" },
  { id: "taisho", name: { ja: "大正", en: "大正 Taisho" }, yearZero: 1911, begin: "1912-07-30" },
  { id: "meiji", name: { ja: "明治", en: "明治 Meiji" }, yearZero: 1867, begin: "1873-01-01" },
];

export const WESTERN: Era = {
  id: "western",
  name: { ja: "西暦", en: "Western year" },
  yearZero: 0,
  begin: "1873-01-01",
};

/**
 * The day (`YYYY-MM-DD`) that is written in this era, up to `today`; `undefined` if there was none.
 * The day on which an era ended belongs to both.
 */
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
  const next = ERAS[ERAS.indexOf(era) - 1];
  const end = next?.begin ?? today;
  return written >= era.begin && written <= end && written <= today ? written : undefined;
}
