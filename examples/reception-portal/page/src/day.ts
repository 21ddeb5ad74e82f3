/**
 * The institution's clock, as its server tells of it: the workstation may be set to another zone, or be
 * wrong.
 */
export interface InstitutionClock {
  /** `Asia/Tokyo`. */
  readonly timeZone: string;
  /** The server's time when it answered. */
  readonly now: string;
}

let timeZone: string | undefined;
/** By how many milliseconds the server's clock is ahead of the workstation's. */
let ahead = 0;

/** Has all days and times be the institution's from here on. */
export function setClock(clock: InstitutionClock): void {
  timeZone = clock.timeZone;
  ahead = Date.parse(clock.now) - Date.now();
}

/** Today at the institution, as `YYYY-MM-DD`. */
export function today(): string {
  return dayOf(new Date(Date.now() + ahead));
}

/** The day of a moment at the institution, as `YYYY-MM-DD`. */
export function dayOf(moment: Date): string {
  return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone }).format(moment);
}

/** The time of the day at the institution, as it is written there. */
export function timeOf(moment: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "short", timeZone }).format(moment);
}

/** The day so many days after another; both as `YYYY-MM-DD`. */
export function dayAfter(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}
