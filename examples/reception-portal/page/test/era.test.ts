import { expect, test } from "vitest";
import { dayOf, ERAS, type Era, numberOf, WESTERN } from "../src/desk/era.ts";

const TODAY = "2026-11-25";

function day(id: string, ...written: [number, number, number]): string | undefined {
  const era = [...ERAS, WESTERN].find((it) => it.id === id) as Era;
  return dayOf(era, ...written, TODAY);
}

test("years of an era become years of the Western calendar", () => {
  expect(day("showa", 55, 2, 17)).toBe("1980-02-17");
  expect(day("heisei", 7, 2, 17)).toBe("1995-02-17");
  expect(day("reiwa", 2, 2, 24)).toBe("2020-02-24");
  expect(day("taisho", 15, 12, 25)).toBe("1926-12-25");
  expect(day("meiji", 45, 7, 30)).toBe("1912-07-30");
  expect(day("western", 1980, 2, 17)).toBe("1980-02-17");
});

test("an era has no days before it began, nor after it ended", () => {
  expect(day("heisei", 1, 1, 7)).toBeUndefined();
  expect(day("heisei", 1, 1, 8)).toBe("1989-01-08");
  expect(day("showa", 64, 1, 7)).toBe("1989-01-07");
  expect(day("showa", 64, 1, 8)).toBeUndefined();
  expect(day("showa", 64, 1, 9)).toBeUndefined();
  expect(day("heisei", 31, 4, 30)).toBe("2019-04-30");
  expect(day("heisei", 31, 5, 1)).toBeUndefined();
  expect(day("reiwa", 1, 5, 1)).toBe("2019-05-01");
  expect(day("heisei", 32, 1, 1)).toBeUndefined();
  expect(day("taisho", 1, 7, 30)).toBe("1912-07-30");
  expect(day("showa", 1, 12, 25)).toBe("1926-12-25");
  expect(day("showa", 1, 12, 24)).toBeUndefined();
  expect(day("meiji", 5, 12, 2)).toBeUndefined();
});

test("days that no calendar has, and days to come, are none", () => {
  expect(day("showa", 55, 2, 30)).toBeUndefined();
  expect(day("heisei", 5, 2, 29)).toBeUndefined();
  expect(day("heisei", 4, 2, 29)).toBe("1992-02-29");
  expect(day("showa", 0, 2, 1)).toBeUndefined();
  expect(day("showa", 55, 13, 1)).toBeUndefined();
  expect(day("showa", Number.NaN, 1, 1)).toBeUndefined();
  expect(day("reiwa", 8, 11, 26)).toBeUndefined();
  expect(day("western", 80, 2, 17)).toBeUndefined();
});

test("numbers are read as cards and people write them", () => {
  const ones = ["1", "１", "元", "元年", "一", "01", " 1 年"];
  for (const one of ones) expect(numberOf(one), one).toBe(1);
  for (const ten of ["10", "十", "一〇", "十月"]) expect(numberOf(ten), ten).toBe(10);
  expect(
    ["十五", "二十", "二十一日", "五十五年", "五五", "６４", "一九八〇"].map(numberOf),
  ).toEqual([15, 20, 21, 55, 55, 64, 1980]);
  for (const none of [
    "",
    "年",
    "元元",
    "十十",
    "五百",
    "-1",
    "1.5",
    "1e1",
    "五十五五",
    "x",
    "二二十",
  ]) {
    expect(numberOf(none), none).toBeNaN();
  }
});
