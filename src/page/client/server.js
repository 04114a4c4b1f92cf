/** The page's own `fetch` and `submit`, as they were when this script began. */
export const send = window.fetch.bind(window);
const submit = HTMLFormElement.prototype.submit;

/**
 * Tells the server that the banner could not be kept.
 * @param {import("./element.js").Banner} banner
 */
export async function tellLost({ base, config }) {
  const fields = { impersonation: config.impersonation ?? "", path: location.pathname };
  try {
    await send(`${base}lost`, { method: "POST", body: new URLSearchParams(fields), keepalive: true });
  } catch (error) {
    console.warn("Guise: lost could not be sent", error);
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
