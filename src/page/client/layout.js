/** Points across the banner at which the page beneath it is looked at. */
const COLUMNS = [0.01, 0.25, 0.5, 0.75, 0.99];
const ROWS = [0.05, 0.5, 0.95];
/** Between two looks, ms. */
const REST = 120;

/**
 * Makes room for the banner: pushes the page by its height, and what is fixed or sticky at that edge by the same, so
 * that nothing of the app lies under it. Gives a function that puts all back.
 * @param {import("./element.js").Banner} banner
 */
export function startLayout({ host, bar, root, config }) {
  const sheet = new CSSStyleSheet();
  /** @type {Map<HTMLElement, [name: string, value: string, priority: string][]>} */
  const moved = new Map();
  const state = { edge: config.edge, height: 0 };

  const restore = () => {
    for (const [element, styles] of moved)
      for (const [name, value, priority] of styles) element.style.setProperty(name, value, priority);
    moved.clear();
  };
  const look = () => {
    const turned = root.querySelector(".other:checked") !== null;
    const edge = turned === (config.edge === "top") ? "bottom" : "top";
    const height = bar.getBoundingClientRect().height;
    if (edge !== state.edge || Math.abs(height - state.height) > 0.5) {
      restore();
      Object.assign(state, { edge, height });
      sheet.replaceSync(room(edge, height));
    }
    const sheets = document.adoptedStyleSheets;
    if (!sheets.includes(sheet)) document.adoptedStyleSheets = [...sheets, sheet];
    for (let pass = 0; pass < 3 && shift(host, state, moved); pass += 1);
    fit(state, moved);
  };
  look();
  root.addEventListener("change", look);
  const unwatch = onChange(bar, restore, look);
  return () => {
    unwatch();
    restore();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
  };
}

/**
 * Calls `look` soon after anything that may have moved something, `restore` before a window of another size is looked
 * at. Gives a function that ends it.
 * @param {HTMLElement} bar
 * @param {() => void} restore
 * @param {() => void} look
 */
function onChange(bar, restore, look) {
  let waiting = 0;
  const soon = () => {
    waiting ||= setTimeout(() => {
      waiting = 0;
      look();
    }, REST);
  };
  const resized = () => {
    restore();
    soon();
  };
  const sizes = new ResizeObserver(soon);
  const changes = new MutationObserver(soon);
  sizes.observe(bar);
  const attributeFilter = ["class", "open", "hidden"];
  changes.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter });
  addEventListener("scroll", soon, { capture: true, passive: true });
  addEventListener("load", soon);
  addEventListener("resize", resized);
  return () => {
    sizes.disconnect();
    changes.disconnect();
    removeEventListener("scroll", soon, { capture: true });
    removeEventListener("load", soon);
    removeEventListener("resize", resized);
    clearTimeout(waiting);
  };
}

/**
 * @param {string} edge
 * @param {number} height
 */
function room(edge, height) {
  const [top, bottom] = edge === "top" ? [height, 0] : [0, height];
  return `@media screen { html:has(guise-banner) { padding-block: ${top}px ${bottom}px !important; scroll-padding-block: ${top + 8}px ${bottom + 8}px; } }`;
}

/**
 * Moves what is fixed or sticky beneath the banner; whether there was any.
 * @param {HTMLElement} host
 * @param {{ edge: string, height: number }} state
 * @param {Map<HTMLElement, [string, string, string][]>} moved
 */
function shift(host, { edge, height }, moved) {
  let found = false;
  for (const row of ROWS) {
    const y = edge === "top" ? height * row : innerHeight - height * row;
    for (const column of COLUMNS) {
      for (const element of beneath(host, innerWidth * column, y)) {
        if (!(element instanceof HTMLElement) || moved.has(element)) continue;
        const style = getComputedStyle(element);
        const inset = Number.parseFloat(edge === "top" ? style.top : style.bottom);
        const box = element.getBoundingClientRect();
        const top = style.position === "absolute" ? box.top + scrollY : box.top;
        const covered = edge === "top" ? top < height - 0.5 : box.bottom > innerHeight - height + 0.5;
        if (Number.isNaN(inset) || !covered) continue;
        found = true;
        set(moved, element, edge, `${inset + height}px`);
        if (box.height > innerHeight - height) set(moved, element, "max-height", `calc(100vh - ${height}px)`);
      }
    }
  }
  return found;
}

/**
 * The outermost fixed or sticky element of each stack at a point, or what the window's beginning holds, open shadow roots included.
 * @param {HTMLElement} host
 * @param {number} x
 * @param {number} y
 */
function beneath(host, x, y) {
  /** @type {Set<Element>} */
  const found = new Set();
  for (const top of document.elementsFromPoint(x, y)) {
    if (top === host) continue;
    for (const element of [top, ...(top.shadowRoot?.elementsFromPoint(x, y) ?? [])]) {
      const outermost = outermostPinned(element);
      if (outermost !== null) found.add(outermost);
    }
  }
  return found;
}

/** @param {Element} start */
function outermostPinned(start) {
  /** @type {Element | null} */
  let found = null;
  for (
    let element = /** @type {Element | null} */ (start);
    element !== null && element !== document.documentElement;
  ) {
    const { position } = getComputedStyle(element);
    if (position === "fixed" || position === "sticky" || (position === "absolute" && isHeader(element)))
      found = element;
    const parent = element.parentNode;
    element = parent instanceof ShadowRoot ? parent.host : element.parentElement;
  }
  return found;
}

/**
 * What is placed absolutely at the window's beginning isn't moved by the room that the page gets. Small things there are
 * often hidden until they have the focus, and are left alone.
 * @param {Element} element
 */
function isHeader(element) {
  if (!(element instanceof HTMLElement) || (element.offsetParent ?? document.body) !== document.body)
    return false;
  const held = [document.documentElement, document.body].some(
    (it) => getComputedStyle(it).position !== "static",
  );
  return !held && element.offsetWidth >= innerWidth / 2 && element.getBoundingClientRect().top + scrollY >= 0;
}

/**
 * A page that can't scroll and fills the window exactly would lose its last lines: it gets the window's rest instead.
 * @param {{ edge: string, height: number }} state
 * @param {Map<HTMLElement, [string, string, string][]>} moved
 */
function fit({ height }, moved) {
  const root = document.documentElement;
  const { body } = document;
  const still = [root, body].some(
    (element) => element && /hidden|clip/.test(getComputedStyle(element).overflowY),
  );
  if (!still || !body) return;
  const rest = `calc(100vh - ${height}px)`;
  /** @type {HTMLElement[]} */
  let level = [body];
  for (let depth = 0; depth < 8 && level.length > 0; depth += 1) {
    const full = level.filter((element) => !moved.has(element) && fills(element));
    for (const element of full) {
      set(moved, element, "height", rest);
      set(moved, element, "min-height", "0");
      set(moved, element, "max-height", rest);
    }
    level = level.flatMap((element) => /** @type {HTMLElement[]} */ ([...element.children]));
    if (level.length > 200) return;
  }
}

/** @param {HTMLElement} element */
function fills(element) {
  const { position } = getComputedStyle(element);
  const { height } = element.getBoundingClientRect();
  return position !== "fixed" && position !== "absolute" && Math.abs(height - innerHeight) < 1.5;
}

/**
 * @param {Map<HTMLElement, [string, string, string][]>} moved
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 */
function set(moved, element, name, value) {
  const before = moved.get(element) ?? [];
  before.push([name, element.style.getPropertyValue(name), element.style.getPropertyPriority(name)]);
  moved.set(element, before);
  element.style.setProperty(name, value, "important");
}
