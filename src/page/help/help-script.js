// The button by which a customer asks for help, on their own pages. A script of its own: it draws everything itself, so that a page's policy
// has to allow one script and one address.
(() => {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement) || window.top !== window) return;
  const { categories, screenshot: largest } = JSON.parse(script.dataset.guiseHelp ?? "{}");
  const base = script.src.slice(0, script.src.lastIndexOf("/") + 1);
  const send = window.fetch.bind(window);
  const MOST = 20;
  const LONGEST = 500;

  /** @type {string[]} */
  const trouble = [];
  /** @param {string} text */
  function note(text) {
    trouble.push(text.slice(0, LONGEST));
    if (trouble.length > MOST) trouble.shift();
  }
  addEventListener("error", (event) => {
    if (event instanceof ErrorEvent) note(`error: ${event.message} (${event.filename}:${event.lineno})`);
  });
  addEventListener("unhandledrejection", ({ reason }) => note(`error: ${String(reason)}`));
  const told = console.error;
  console.error = (...parts) => {
    note(`console: ${parts.map(String).join(" ")}`);
    told.apply(console, parts);
  };
  // Requests of before this script, too.
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { name, responseStatus: status } = /** @type {PerformanceResourceTiming} */ (entry);
      if (status >= 400) note(`failed: ${status} ${name}`);
    }
  }).observe({ type: "resource", buffered: true });

  /**
   * @template {keyof HTMLElementTagNameMap} Name
   * @param {Name} name
   * @param {Record<string, string>} attributes
   * @param {(Node | string)[]} inside
   */
  function make(name, attributes = {}, ...inside) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  }

  const STYLE = `:host{all:initial;position:fixed;inset:auto 16px 16px auto;z-index:2147483000;font:15px/1.5 system-ui,sans-serif;color:#1c1b22}
@media print{:host{display:none}}
*{box-sizing:border-box;font:inherit;color:inherit}
button{background:#5b2ed8;color:#fff;border:0;border-radius:8px;padding:10px 16px;cursor:pointer}
button.quiet{background:#e8e4f5;color:#1c1b22}
.open{border-radius:24px;box-shadow:0 2px 10px #0004}
:focus-visible{outline:3px solid #ffb000;outline-offset:2px}
form{background:#fff;border:1px solid #c9c5d6;border-radius:12px;box-shadow:0 6px 30px #0005;padding:16px;width:min(360px,calc(100vw - 32px));max-height:calc(100vh - 32px);overflow:auto;display:grid;gap:10px}
h2{font-weight:700;font-size:18px;margin:0}
label{display:grid;gap:4px}label.row{display:flex;gap:8px;align-items:center}
textarea,select{border:1px solid #767080;border-radius:6px;padding:8px;background:#fff;width:100%}
ul{margin:4px 0;padding-left:18px;overflow-wrap:anywhere;font-size:13px}
img{max-width:100%;border:1px solid #c9c5d6;border-radius:6px}
p{margin:0}.do{display:flex;gap:8px}a{color:#5b2ed8}summary{cursor:pointer}
@media(prefers-color-scheme:dark){:host{color:#eceaf2}form,textarea,select{background:#211f2b}form{border-color:#4a4658}button.quiet{background:#3a3650;color:#eceaf2}a{color:#b9a4ff}}`;

  const host = make("guise-help");
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const opener = make("button", { type: "button", class: "open", "aria-haspopup": "dialog" }, "Help");
  opener.addEventListener("click", open);
  root.append(opener);

  function open() {
    const message = make("textarea", { rows: "5", maxlength: "5000", required: "" });
    const chosen = make(
      "select",
      {},
      ...categories.map((/** @type {string} */ it) => make("option", {}, it)),
    );
    const status = make("p", { role: "status" });
    const picture = make("div");
    const box = make("input", { type: "checkbox" });
    /** @type {string | null} */
    let drawn = null;
    box.addEventListener("change", async () => {
      drawn = null;
      picture.replaceChildren();
      if (!box.checked) return;
      try {
        drawn = await draw();
        picture.append(make("img", { src: drawn, alt: "The picture that is sent" }));
      } catch {
        box.checked = false;
        status.textContent = "The page can’t be drawn here.";
      }
    });
    const sent = [
      `This address: ${location.href}`,
      `The size of this window: ${innerWidth} × ${innerHeight}`,
      "What your browser calls itself, and who you are here",
      ...trouble,
    ];
    const form = make(
      "form",
      { role: "dialog", "aria-label": "Ask for help" },
      make("h2", {}, "Ask for help"),
      make("label", {}, "What is wrong?", message),
      ...(categories.length === 0 ? [] : [make("label", {}, "What is it about?", chosen)]),
      ...(largest === 0
        ? []
        : [
            make("label", { class: "row" }, box, "Add a picture of this page, without what is typed"),
            picture,
          ]),
      make(
        "details",
        {},
        make("summary", {}, "What is sent besides"),
        make("ul", {}, ...sent.map((it) => make("li", {}, it))),
      ),
      status,
    );
    const cancel = make("button", { type: "button", class: "quiet" }, "Cancel");
    cancel.addEventListener("click", close);
    form.append(make("div", { class: "do" }, make("button", {}, "Send"), cancel));
    form.addEventListener("keydown", ({ key }) => key === "Escape" && close());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      status.textContent = "Sending…";
      const category = categories.length === 0 ? null : chosen.value;
      const answer = await ask({ message: message.value, category, screenshot: drawn });
      if (answer === null) status.textContent = "It could not be sent. Try again in a moment.";
      else thank(answer.allow);
    });
    opener.remove();
    root.append(form);
    message.focus();
  }

  function close() {
    root.replaceChildren(opener);
    opener.focus();
  }

  /** @param {string | null} allow */
  function thank(allow) {
    const done = make("button", { type: "button", class: "quiet" }, "Close");
    done.addEventListener("click", close);
    const more =
      allow === null
        ? []
        : [
            make(
              "p",
              {},
              make("a", { href: allow, target: "_blank" }, "Let support look at your account for a while"),
            ),
          ];
    const form = make(
      "form",
      { role: "status" },
      make("h2", {}, "It is sent"),
      make("p", {}, "Support will answer you."),
      ...more,
      make("div", { class: "do" }, done),
    );
    root.replaceChildren(form);
    done.focus();
  }

  /**
   * @param {{ message: string, category: string | null, screenshot: string | null }} said
   * @returns {Promise<{ allow: string | null } | null>}
   */
  async function ask(said) {
    const page = { page: location.href, viewport: `${innerWidth}x${innerHeight}`, trouble };
    try {
      const answer = await send(`${base}ask-for-help`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...said, ...page }),
      });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  const TYPED = "input,textarea,select,[contenteditable],[data-guise-mask]";
  const EMBEDDED = "img,picture,video,canvas,iframe,object,embed";

  /** The page as it is seen now, as a picture; what is typed, masked or embedded is a grey box before anything is drawn. */
  async function draw() {
    const copy = /** @type {HTMLElement} */ (document.documentElement.cloneNode(true));
    const hidden = `${TYPED},${EMBEDDED}`;
    const copies = copy.querySelectorAll(hidden);
    for (const [at, shown] of document.querySelectorAll(hidden).entries()) {
      const { width, height } = shown.getBoundingClientRect();
      const { display, position, inset, margin, float } = getComputedStyle(shown);
      const place = `position:${position};inset:${inset};margin:${margin};float:${float}`;
      const style = `${place};display:${display === "inline" ? "inline-block" : display};width:${width}px;height:${height}px;background:#999;box-sizing:border-box`;
      copies[at]?.replaceWith(make("span", { style }));
    }
    for (const it of copy.querySelectorAll("script,noscript,link,style,guise-help,guise-banner,template"))
      it.remove();
    copy.querySelector("head")?.append(make("style", {}, rules()));
    copy.style.marginTop = `${-scrollY}px`;
    const page = new XMLSerializer()
      .serializeToString(copy)
      .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
    const [width, height] = [innerWidth, innerHeight];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject width="100%" height="100%">${page}</foreignObject></svg>`;
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    await image.decode();
    for (const scale of [1, 0.7, 0.5, 0.3]) {
      const canvas = make("canvas", { width: `${width * scale}`, height: `${height * scale}` });
      const context = canvas.getContext("2d");
      if (context === null) break;
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      const made = canvas.toDataURL("image/jpeg", 0.7);
      if (made.length * 0.75 < largest) return made;
    }
    throw new Error("the picture is too large");
  }

  function rules() {
    return [...document.styleSheets]
      .flatMap((it) => {
        try {
          return [...it.cssRules].map((rule) => rule.cssText);
        } catch {
          // Of another origin: its rules are not to be read.
          return [];
        }
      })
      .join("\n");
  }

  const show = () => document.documentElement.append(host);
  if ("requestIdleCallback" in window) requestIdleCallback(show, { timeout: 3_000 });
  else setTimeout(show, 500);
})();
