// Keeps the page of what runs up to date; what is ticked, and where the keyboard is, stays. Without it the page shows what ran when it was opened.

const part = document.querySelector("#running[data-live]");

if (part instanceof HTMLElement) {
  const news = new EventSource(part.dataset.live ?? "");
  news.addEventListener("message", ({ data }) => show(part, data));
}

/**
 * @param {HTMLElement} part
 * @param {string} text what the gateway has made safe
 */
function show(part, text) {
  const ticked = new Set([...part.querySelectorAll("input:checked")].map((it) => it.getAttribute("value")));
  const { activeElement: focused } = document;
  const found = focused !== null && part.contains(focused) ? selectorOf(focused) : null;
  part.innerHTML = text;
  for (const box of part.querySelectorAll("input[type=checkbox]"))
    if (box instanceof HTMLInputElement) box.checked = ticked.has(box.value);
  const again = found === null ? null : part.querySelector(found);
  if (again instanceof HTMLElement) again.focus();
}

/** @param {Element} element */
function selectorOf(element) {
  const [name, value] = [element.getAttribute("name") ?? "", element.getAttribute("value") ?? ""];
  return `[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`;
}
