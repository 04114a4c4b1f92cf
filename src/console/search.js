// Searches the directory as one types, on the console's own page. Without it the form searches by its button.

/** So long after the last key it is asked, ms. */
const PAUSE = 200;

/** @typedef {{ readonly id: string, readonly name: string, readonly email: string, readonly may: string }} Person */

const form = document.querySelector("form.search");
const field = form?.querySelector("input[type=search]");
const list = document.querySelector("#found");
const status = document.querySelector("#found-status");
/** @type {Readonly<Record<string, string>>} */
const words = JSON.parse(list?.getAttribute("data-words") ?? "{}");

if (form instanceof HTMLFormElement && field instanceof HTMLInputElement && list !== null && status !== null)
  startSearch(form, field, list, status);

/**
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} field
 * @param {Element} list
 * @param {Element} status what is read out
 */
function startSearch(form, field, list, status) {
  const [base = ""] = form.action.split("start");
  /** @type {AbortController | null} */
  let asking = null;
  let pause = 0;
  const search = async () => {
    asking?.abort();
    asking = new AbortController();
    const query = field.value.trim();
    if (query === "") return show([], "");
    try {
      const answer = await fetch(`${base}people?q=${encodeURIComponent(query)}`, { signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const { people } = await answer.json();
      show(people, told(people.length, query));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      show([], words.silent ?? "");
    }
  };
  /**
   * @param {readonly Person[]} people
   * @param {string} text
   */
  const show = (people, text) => {
    list.replaceChildren(
      ...people.map((it) => entry(it, `${base}as/${encodeURIComponent(it.id)}${suffix(form)}`)),
    );
    status.textContent = text;
  };
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(search, PAUSE);
  });
}

/** Whether somebody is writing: then a slash is a slash. */
function isWriting() {
  const { activeElement: it } = document;
  return (
    it instanceof HTMLInputElement || it instanceof HTMLTextAreaElement || it instanceof HTMLSelectElement
  );
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(field instanceof HTMLInputElement)) return;
  if (event.key === "/" && !isWriting()) {
    event.preventDefault();
    field.focus();
    field.select();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event, field);
});

/**
 * From the field to the first person, from there to the next, and back.
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement} field
 */
function move(event, field) {
  const links = [...document.querySelectorAll(".list a")];
  const at = links.findIndex((it) => it.matches(":focus"));
  if (at === -1 && document.activeElement !== field) return;
  const next = event.key === "ArrowDown" ? links[at + 1] : at <= 0 ? field : links[at - 1];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

/**
 * @param {number} count
 * @param {string} query
 */
function told(count, query) {
  if (count === 0) return words.nobody?.replace("{query}", () => query) ?? "";
  return words.found?.replace("{n}", String(count)) ?? "";
}

/**
 * What the links carry on: all fields of the form but what is looked for.
 * @param {HTMLFormElement} form
 */
function suffix(form) {
  const about = new URLSearchParams();
  for (const input of form.querySelectorAll("input[type=hidden]"))
    if (input instanceof HTMLInputElement) about.set(input.name, input.value);
  const text = about.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * As the page itself lists people.
 * @param {Person} person
 * @param {string} address
 */
function entry({ id, name, email, may }, address) {
  const user = words.userId?.replace("{id}", () => id) ?? id;
  const item = document.createElement("li");
  const link = item.appendChild(document.createElement("a"));
  link.href = address;
  const who = link.appendChild(made("span", "person", ""));
  const lines = who.appendChild(made("span", "", ""));
  lines.append(
    made("bdi", "name", name),
    made("span", "sub", email === "" || email === name ? user : `${email} · ${user}`),
  );
  link.append(made("span", "go", may));
  return item;
}

/**
 * @param {string} tag
 * @param {string} classes
 * @param {string} text
 */
function made(tag, classes, text) {
  const element = document.createElement(tag);
  element.className = classes;
  element.textContent = text;
  return element;
}
