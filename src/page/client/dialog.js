import { make } from "./element.js";

/**
 * Asks in a dialog over everything, inside of the closed root, and gives the value of the button that was pressed.
 * There is no way around its buttons.
 * @param {import("./element.js").Banner} banner
 * @param {{ title: string, text: string, buttons: [value: string, label: string][] }} question
 * @returns {Promise<string>}
 */
export function ask(banner, { title, text, buttons }) {
  const dialog = make("dialog", "cover", "");
  const heading = make("h2", "", title);
  const sentence = make("p", "", text);
  const row = make("div", "do", "");
  heading.id = "guise-title";
  sentence.id = "guise-text";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.setAttribute("aria-describedby", sentence.id);
  dialog.append(heading, sentence, row);
  banner.root.append(dialog);
  return new Promise((resolve) => {
    const finish = (/** @type {string} */ value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    for (const [index, [value, label]] of buttons.entries()) {
      const button = make("button", index === 0 ? "sure" : "", label);
      button.type = "button";
      button.autofocus = index === 0;
      button.addEventListener("click", () => finish(value));
      row.append(button);
    }
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => {
      if (dialog.isConnected) dialog.showModal();
    });
    dialog.showModal();
  });
}
