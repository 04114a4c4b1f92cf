// The page in a helpdesk's frame: what the helpdesk says of the conversation becomes a link. It decides nothing and sends nothing.
(() => {
  const script = document.currentScript;
  const [said, place] = [document.getElementById("said"), document.getElementById("link")];
  if (!(script instanceof HTMLScriptElement) || said === null || place === null) return;
  const { here, origins } = JSON.parse(script.dataset.guiseEmbed ?? "{}");
  const LONGEST = 320;

  /** @param {unknown} value */
  const fields = (value) =>
    /** @type {Record<string, unknown>} */ (typeof value === "object" && value !== null ? value : {});

  /** @param {unknown[]} values */
  const text = (...values) => {
    const value = values.find((it) => (typeof it === "string" && it !== "") || typeof it === "number");
    return value === undefined ? null : String(value).slice(0, LONGEST);
  };

  /** Chatwoot's message is a text of JSON; others send an object with `email` and `ticket`. @param {unknown} data */
  function read(data) {
    let message = fields(data);
    if (typeof data === "string") {
      try {
        message = fields(JSON.parse(data));
      } catch {
        // Other parts of the helpdesk send what they like.
        return null;
      }
    }
    if (message.event !== undefined && message.event !== "appContext") return null;
    const inside = message.event === undefined ? message : fields(message.data);
    const conversation = fields(inside.conversation);
    const sender = fields(fields(conversation.meta).sender);
    return {
      email: text(inside.email, fields(inside.contact).email, sender.email),
      ticket: text(inside.ticket, conversation.id),
    };
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || !origins.includes(origin)) return;
    const about = read(data);
    if (about === null) return;
    const { email, ticket } = about;
    place.replaceChildren();
    said.textContent = email === null ? "This conversation has no e-mail address." : "";
    if (email === null) return;
    const query = new URLSearchParams({ email, ...(ticket === null ? {} : { ticket }) });
    const link = document.createElement("a");
    link.className = "button";
    link.href = `${here}/as?${query}`;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = `View the app as ${email}`;
    place.append(link);
  });
  // Chatwoot tells it once more to who asks. Nothing is said by it, so anybody may hear it.
  if (parent !== window) parent.postMessage("chatwoot-dashboard-app:fetch-info", "*");
})();
