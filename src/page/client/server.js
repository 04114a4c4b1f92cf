/** The page's own `fetch` and `submit`, as they were when this script began. */
export const send = window.fetch.bind(window);
const submit = HTMLFormElement.prototype.submit;

/**
 * Tells the server; whether it was taken.
 * @param {import("./element.js").Banner} banner
 * @param {"lost"} path
 * @param {Record<string, string>} fields
 * @returns {Promise<boolean>}
 */
export async function post(banner, path, fields) {
  const body = new URLSearchParams(fields);
  try {
    const response = await send(`${banner.base}${path}`, { method: "POST", body, keepalive: true });
    return response.ok;
  } catch (error) {
    console.warn(`Guise: ${path} could not be sent`, error);
    return false;
  }
}

/**
 * Who one is now: the running impersonation, null for none, undefined where it could not be found out.
 * @param {import("./element.js").Banner} banner
 * @returns {Promise<{ id: string, mode: "read" | "write", endsAt: string, writeUntil?: string | null } | null | undefined>}
 */
export async function running(banner) {
  try {
    const response = await send(`${banner.base}me`, {
      cache: "no-store",
      credentials: "same-origin",
      headers: { accept: "application/json" },
    });
    if (response.status === 401 || response.status === 409) return null;
    return response.ok ? ((await response.json()).impersonation ?? null) : undefined;
  } catch (error) {
    console.warn("Guise: could not ask who you are", error);
    return undefined;
  }
}

/**
 * Stops, by the same form that works without a script.
 * @param {import("./element.js").Banner} banner
 */
export function stop(banner) {
  const form = banner.root.querySelector("form.stop");
  if (form instanceof HTMLFormElement) submit.call(form);
  else location.assign(`${banner.base}stop`);
}
