/**
 * Lengths that are added to what the app's styles say, without a change of any attribute: each is an animation that has
 * ended and stays in effect. So the app's scripts and observers see only their own values, what they change stays right,
 * and all is as before when the animation is gone. An `!important` of the app outranks animations; only there the
 * element's own style is written.
 * @typedef {object} Offsets
 * @property {(element: HTMLElement, name: string, value: string, how?: "add" | "replace") => void} give
 * @property {(element: HTMLElement, name: string) => void} take
 * @property {() => HTMLElement[]} elements
 * @property {() => void} check gives those anew that the app's styles have overcome
 * @property {(element?: HTMLElement) => void} clear of this element, or of all
 */

/**
 * @typedef {object} Offset
 * @property {string} value
 * @property {"add" | "replace"} how
 * @property {KeyframeEffect} effect
 * @property {Animation} animation
 * @property {{ value: string, priority: string, ours: string } | null} written what stood in the element's style
 */

/**
 * @param {() => void} lost is called when the app has cancelled one
 * @returns {Offsets}
 */
export function createOffsets(lost) {
  /** @type {Map<HTMLElement, Map<string, Offset>>} */
  const given = new Map();
  const take = (/** @type {HTMLElement} */ element, /** @type {string} */ name) => {
    const offset = given.get(element)?.get(name);
    if (offset === undefined) return;
    given.get(element)?.delete(name);
    if (given.get(element)?.size === 0) given.delete(element);
    end(element, name, offset);
  };
  const clear = (/** @type {HTMLElement | undefined} */ only) => {
    for (const element of only === undefined ? [...given.keys()] : [only])
      for (const name of [...(given.get(element)?.keys() ?? [])]) take(element, name);
  };
  /** @type {Offsets["give"]} */
  const give = (element, name, value, how = "add") => {
    const known = given.get(element)?.get(name);
    if (known?.value === value) return;
    if (known !== undefined && known.written === null) {
      // In place: for a moment without it the page would be shorter, and lose how far it is scrolled.
      known.value = value;
      known.effect.setKeyframes({ [camel(name)]: value });
      return;
    }
    if (known !== undefined) take(element, name);
    const offset = begin(element, name, value, how);
    offset.animation.oncancel = lost;
    given.set(element, (given.get(element) ?? new Map()).set(name, offset));
  };
  const check = () => {
    for (const [element, offsets] of [...given])
      for (const [name, offset] of [...offsets]) {
        if (inEffect(element, name, offset)) continue;
        take(element, name);
        give(element, name, offset.value, offset.how);
      }
  };
  return { give, take, elements: () => [...given.keys()], check, clear };
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 * @param {"add" | "replace"} how
 * @returns {Offset}
 */
function begin(element, name, value, how) {
  const before = computed(element, name);
  const effect = new KeyframeEffect(element, { [camel(name)]: value }, { fill: "both", composite: how });
  const animation = new Animation(effect, document.timeline);
  animation.finish();
  // Else a later one of the app on the same property would remove it.
  animation.persist();
  if (computed(element, name) !== before) return { value, how, effect, animation, written: null };
  const written = {
    value: element.style.getPropertyValue(name),
    priority: element.style.getPropertyPriority(name),
    ours: "",
  };
  element.style.setProperty(name, how === "add" ? `calc(${before} + ${value})` : value, "important");
  written.ours = element.style.getPropertyValue(name);
  return { value, how, effect, animation, written };
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {Offset} offset
 */
function inEffect(element, name, { value, how, animation, written }) {
  if (animation.playState !== "finished") return false;
  if (written !== null) return element.style.getPropertyValue(name) === written.ours;
  if (how === "replace") return true;
  // Where the app's own goes the other way this finds nothing wrong to be wrong, which costs little.
  const [wanted, now] = [Number.parseFloat(value), Number.parseFloat(computed(element, name))];
  return wanted > 0 ? now > wanted - 0.5 : now < wanted + 0.5;
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {Offset} offset
 */
function end(element, name, { animation, written }) {
  animation.oncancel = null;
  animation.cancel();
  if (written === null || element.style.getPropertyValue(name) !== written.ours) return;
  element.style.setProperty(name, written.value, written.priority);
}

/** @param {string} name */
function camel(name) {
  return name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

/**
 * @param {Element} element
 * @param {string} name
 */
function computed(element, name) {
  return getComputedStyle(element).getPropertyValue(name);
}
