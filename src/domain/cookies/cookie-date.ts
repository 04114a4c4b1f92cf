const DELIMITER = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$/s;
const DAY = /^(\d{1,2})(?:\D.*)?$/s;
const MONTH = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;
const YEAR = /^(\d{2,4})(?:\D.*)?$/s;
const MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";

/** The date of an `Expires` attribute in ms, read as forgivingly as RFC 6265, section 5.1.1, asks for; null if it is none. */
export function parseCookieDate(text: string): number | null {
  let time: readonly string[] | null = null;
  let day: number | null = null;
  let month: number | null = null;
  let year: number | null = null;
  for (const token of text.split(DELIMITER)) {
    if (time === null && TIME.test(token)) time = TIME.exec(token);
    else if (day === null && DAY.test(token)) day = numberAt(DAY.exec(token), 1);
    else if (month === null && MONTH.test(token)) month = MONTHS.indexOf(token.slice(0, 3).toLowerCase()) / 3;
    else if (year === null && YEAR.test(token)) year = fullYear(numberAt(YEAR.exec(token), 1));
  }
  if (time === null || day === null || month === null || year === null) return null;
  const [hour, minute, second] = [numberAt(time, 1), numberAt(time, 2), numberAt(time, 3)];
  const possible = day >= 1 && day <= 31 && year >= 1601 && hour <= 23 && minute <= 59 && second <= 59;
  const at = Date.UTC(year, month, day, hour, minute, second);
  // The 31st of a shorter month would have become a day of the next.
  return possible && day <= daysOf(year, month) ? at : null;
}

function numberAt(found: readonly string[] | null, at: number): number {
  return Number(found?.[at] ?? Number.NaN);
}

function fullYear(year: number): number {
  if (year >= 70 && year <= 99) return year + 1900;
  return year <= 69 ? year + 2000 : year;
}

function daysOf(year: number, month: number): number {
  if (month === 1) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [3, 5, 8, 10].includes(month) ? 30 : 31;
}
