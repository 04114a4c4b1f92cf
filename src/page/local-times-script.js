// Says the times of a page of ours in the reader's own zone; what the server wrote, in UTC, is seen on hover.

const { lang } = document.documentElement;
const language = lang === "en" ? "en-GB" : lang;

/** Times in sentences and tables, also those that come later. */
const say = () => {
  for (const it of document.querySelectorAll("time[datetime]:not([title])")) {
    if (!(it instanceof HTMLTimeElement)) continue;
    const at = new Date(it.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const utc = it.textContent;
    const timeStyle = /:\d\d:\d\d/.test(utc) ? "medium" : "short";
    it.title = utc;
    it.textContent = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle }).format(at);
  }
};
say();
new MutationObserver(say).observe(document.body, { childList: true, subtree: true });

/**
 * As exact as the server wrote it: `20:26`, with seconds, with tenths, or a day.
 * @param {Date} at
 * @param {string} utc
 */
function local(at, utc) {
  const midnight = !utc.includes(":") && at.getHours() === 0 && at.getMinutes() === 0;
  /** @type {Intl.DateTimeFormatOptions} */
  const form = { hourCycle: "h23" };
  if (!utc.includes(":")) Object.assign(form, { day: "numeric", month: "short" });
  if (!midnight) Object.assign(form, { hour: "2-digit", minute: "2-digit" });
  if (utc.length > 5 && utc.includes(":")) form.second = "2-digit";
  if (utc.length > 8 && utc.includes(":")) form.fractionalSecondDigits = 1;
  return new Intl.DateTimeFormat(language, form).format(at);
}

// Times in drawings: a text has what stood there as its title, and a title has both.
for (const it of document.querySelectorAll("svg [data-utc]")) {
  const utc = it.getAttribute("data-utc") ?? "";
  const said = local(new Date(Number(it.getAttribute("data-at"))), utc);
  if (it.tagName === "title") it.textContent = `${it.textContent?.replace(utc, () => said)} (${utc} UTC)`;
  else {
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = `${utc} UTC`;
    it.textContent = said;
    it.append(title);
  }
}

const zone = new Intl.DateTimeFormat(language, { timeZoneName: "short" })
  .formatToParts()
  .find(({ type }) => type === "timeZoneName");
for (const it of document.querySelectorAll("[data-zone]")) it.textContent = zone?.value ?? "UTC";

// Fields for times hold UTC, which is what is sent; people read and write their own.
for (const form of document.querySelectorAll("form")) {
  const fields = [...form.querySelectorAll("input")].filter((it) => it.type === "datetime-local");
  for (const it of fields) {
    const at = new Date(`${it.value}Z`);
    if (Number.isNaN(at.getTime())) continue;
    it.title = `${it.value.replace("T", " ")} UTC`;
    it.value = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  }
  form.addEventListener("formdata", ({ formData }) => {
    for (const { name, value } of fields) {
      const at = new Date(value);
      if (!Number.isNaN(at.getTime())) formData.set(name, at.toISOString().slice(0, 19));
    }
  });
}
