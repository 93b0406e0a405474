/** Making elements. Text only ever goes in as text, so nothing that was read can become markup. */

/**
 * An element.
 * @param {string} tag
 * @param {object} props attributes; also `class`, `on` (listeners) and `data`. Null and false
 *   are left out.
 * @param {...(Node|string|null|Array)} children strings become text nodes.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...present(children));
  return node;
}

/** Children without the gaps that conditions leave. */
export function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** The element with an id; every page has it. */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page lacks #${id}`);
  return node;
}

const PATHS = {
  menu: "M4 6h16M4 12h16M4 18h10",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  leave: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  key: "M8 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM11.5 12H21v3M17.5 12v2.5",
  pin: "M12 3a6.5 6.5 0 0 0-6.5 6.5C5.5 14 12 21 12 21s6.5-7 6.5-11.5A6.5 6.5 0 0 0 12 3zM12 12a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 4l9 16H3zM12 10v4.5M12 17.5h.01",
  wheelchair: "M11 5.5h.01M11 9v5h5l2.5 5M11 11h4M9 11.5a4.5 4.5 0 1 0 5 6",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  larger: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20M8 10.5h5M10.5 8v5",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4.5l3 2",
  route: "M6 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 18h7a3 3 0 0 0 0-6H9a3 3 0 0 1 0-6h7",
};

/** A line icon, hidden from screen readers: what it stands for is said beside it. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.pin);
  svg.append(path);
  return svg;
}

/** Puts icons where the page's own markup asks for one. */
export function drawIcons(root) {
  for (const node of root.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));
}

/** A language tag for a text that brings none, by its script; null where that doesn't tell. */
export function scriptOf(text) {
  if (/[\u3040-\u30ff]/.test(text)) return "ja";
  if (/[\uac00-\ud7af]/.test(text)) return "ko";
  if (/[\u3400-\u9fff]/.test(text)) return "zh";
  return null;
}

/** A line as a sentence begins: the server's own begin as part of a longer one. */
export function sentence(line) {
  return line.charAt(0).toUpperCase() + line.slice(1);
}

/** Reads a text to who listens to the page, once. */
export function announce(text, language) {
  const live = byId("live");
  live.textContent = "";
  if (language) live.lang = language;
  else live.removeAttribute("lang");
  // A change in the same task as the emptying isn't noticed by every screen reader.
  setTimeout(() => { live.textContent = text; }, 60);
}

/** Whether the visitor wants little motion. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Says what concerns the page as a whole, at its head; nothing takes it away. */
export function banner(text) {
  const shown = byId("banner");
  if (shown.textContent === text) return;
  shown.textContent = text;
  shown.hidden = !text;
}
