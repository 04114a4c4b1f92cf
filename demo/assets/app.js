const csrf = () => /(?:^|; )demo_csrf=([^;]*)/.exec(document.cookie)?.[1] ?? "";

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

async function ask(url, options = {}) {
  const headers = { accept: "application/json", "x-csrf-token": csrf(), ...options.headers };
  const response = await fetch(url, { ...options, headers });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

function troubleIn(place, error) {
  const text = `This did not work (${error.message}). Reload the page and try again.`;
  place.replaceChildren(make("p", "problem", text));
}

// Menus close when something else is clicked, or with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[open]")) menu.open = false;
});

for (const button of document.querySelectorAll("[data-check]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Checking …";
    try {
      const { ok, ms } = await ask(`/api/site/${button.dataset.check}/check`, { method: "POST" });
      button.textContent = ok ? `Answers in ${ms} ms` : "No answer";
    } catch (error) {
      button.textContent = `Not checked (${error.message})`;
    }
    button.disabled = false;
  });
}

function checkTable({ checks }) {
  const table = make("table", "list");
  const head = table.createTHead().insertRow();
  for (const [label, kind] of [
    ["When", ""],
    ["Region", "wide"],
    ["Answer", ""],
    ["Time", "num"],
  ]) {
    const cell = make("th", kind, label);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const { at, ms, region } of checks) {
    const row = body.insertRow();
    const when = new Date(at).toISOString().slice(0, 16).replace("T", " ");
    const answer = make("td");
    answer.append(make("span", ms === null ? "pill bad" : "pill good", ms === null ? "None" : "OK"));
    const time = make("td", "num", ms === null ? "–" : `${ms} ms`);
    row.append(make("td", "", when), make("td", "wide", region), answer, time);
  }
  return table;
}

const picker = document.querySelector("[data-report]");
if (picker) {
  const place = document.getElementById("report");
  const load = async () => {
    try {
      const report = await ask(`/api/site/${picker.value}/checks?limit=12`);
      const none = make("p", "muted", "This site is paused.");
      place.replaceChildren(report.checks.length > 0 ? checkTable(report) : none);
    } catch (error) {
      troubleIn(place, error);
    }
  };
  picker.addEventListener("change", load);
  load();
}

const search = document.querySelector("[data-search]");
search?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const place = document.getElementById("found");
  try {
    const { sites, statusPages } = await ask("/search", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ q: new FormData(search).get("q") }),
    });
    const hits = [
      ...sites.map((site) => [`/site/${site.id}/overview`, site.name]),
      ...statusPages.map((page) => [`/status-page/${page.id}/overview`, page.title]),
    ];
    const list = make("ul", "feed found");
    for (const [href, label] of hits) {
      const link = make("a", "", label);
      link.href = href;
      const item = make("li");
      item.append(link);
      list.append(item);
    }
    place.replaceChildren(hits.length > 0 ? list : make("p", "muted found", "Nothing found."));
  } catch (error) {
    troubleIn(place, error);
  }
});

const KEPT = 8;

function put(feed, tone, title, text, side) {
  const item = make("li");
  const middle = make("div");
  middle.append(make("b", "", title), make("p", "", text));
  item.append(make("span", `dot ${tone}`), middle, make("p", "feed-when", side));
  feed.prepend(item);
  while (feed.children.length > KEPT) feed.lastElementChild.remove();
}

function putTick(feed, tick) {
  const side = tick.ok ? `${tick.ms} ms` : "no answer";
  put(feed, tick.ok ? "good" : "bad", tick.name, `Check ${tick.number + 1} from ${tick.region}`, side);
}

function mark(state, tone, text) {
  state.className = `pill ${tone}`;
  state.textContent = text;
}

const live = document.querySelector("[data-live]");
if (live) {
  const state = document.getElementById("live-state");
  const address = new URL(live.dataset.live, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address);
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.kind === "hello") mark(state, "good", `Connected as ${message.user.name}`);
    if (message.kind === "tick") putTick(live, message);
    if (message.kind === "echo") put(live, "calm", message.text, "Your message came back", "echo");
  });
  socket.addEventListener("close", () => mark(state, "bad", "Disconnected"));
  const form = document.querySelector("[data-echo]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket.readyState === WebSocket.OPEN) socket.send(form.elements.text.value);
  });
}

const events = document.querySelector("[data-events]");
if (events) {
  const state = document.getElementById("event-state");
  const source = new EventSource(events.dataset.events);
  source.addEventListener("open", () => mark(state, "good", "Connected"));
  source.addEventListener("error", () => mark(state, "warn", "Reconnecting"));
  source.addEventListener("check", ({ data }) => putTick(events, JSON.parse(data)));
}
