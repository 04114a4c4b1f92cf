/** Where it is kept which of its boxes are ticked, on this host. */
const KEPT = "guise-banner";

/**
 * Has the banner stand where the agent put it, and as small, also on the next page. A page without storage (`sandbox`) shows it as usual.
 * @param {import("./element.js").Banner} banner
 */
export function startRemember({ root }) {
  const storage = storageHere();
  const boxes = [...root.querySelectorAll(".other, .small")].filter((it) => it instanceof HTMLInputElement);
  const kept = (storage?.getItem(KEPT) ?? "").split(" ");
  for (const box of boxes) box.checked = kept.includes(box.className);
  root.addEventListener("change", () => {
    const ticked = boxes.filter((box) => box.checked).map((box) => box.className);
    storage?.setItem(KEPT, ticked.join(" "));
  });
}

/** @returns {Storage | null} */
function storageHere() {
  try {
    return localStorage;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
