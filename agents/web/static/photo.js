/** A photo with what was found on it: boxes and points as buttons over the picture. */

import { el, icon, present, scriptOf } from "/static/dom.js";
import { t } from "/static/strings.js";

/**
 * What a mark says: the text as it stands there, and what it means.
 * @param {{label: string, text: string|null}} mark
 */
export function wordsOf(mark) {
  const { text, meaning } = sidesOf(mark);
  return meaning ? `${text} (${meaning})` : text;
}

/** The text of a mark, and what its label adds to that. */
function sidesOf(mark) {
  const label = (mark.label ?? "").trim();
  const text = (mark.text ?? "").trim() || label || t("place");
  const meaning = label.toLowerCase().startsWith(text.toLowerCase())
    ? label.slice(text.length).replace(/^[\s·:,，：-]+/, "") : label;
  return { text, meaning };
}

/** The two as elements of a list's row or of a bubble. */
function sides(mark, tag, [textClass, meaningClass]) {
  const { text, meaning } = sidesOf(mark);
  return [
    el(tag, { class: textClass, lang: scriptOf(text) }, text),
    meaning ? el(tag, { class: meaningClass, lang: scriptOf(meaning) }, meaning) : null,
  ];
}

/**
 * A picture with marks on it.
 * @param {object} with_
 * @param {{src: string, width: number, height: number, alt: string}} with_.picture
 * @param {Array<{box: number[]|null, point: number[]|null, number: number|null}>} with_.marks
 *   corners `[x1, y1, x2, y2]` or `[x, y]`, in pixels of the picture.
 * @param {(index: number) => void} with_.chosen a mark was pressed.
 * @param {(() => void)|null} with_.enlarge the picture itself was pressed.
 */
export function photo({ picture, marks, chosen, enlarge = null }) {
  const image = el("img", {
    src: picture.src, alt: picture.alt, decoding: "async", draggable: "false",
    width: picture.width || null, height: picture.height || null,
  });
  const frame = el("div", { class: "photo" }, image);
  if (enlarge) {
    frame.append(el("button", {
      type: "button", class: "enlarge", title: t("larger", picture.alt),
      "aria-label": t("larger", picture.alt), on: { click: enlarge },
    }, icon("larger")));
  }
  const buttons = marks.map((mark, index) => markButton(mark, () => chosen(index)));
  const put = (width, height) => {
    if (!width || !height) return;
    marks.forEach((mark, index) => place(buttons[index], mark, width, height));
    frame.append(...buttons.filter((button) => button.dataset.placed));
  };
  if (picture.width && picture.height) put(picture.width, picture.height);
  else image.addEventListener("load", () => put(image.naturalWidth, image.naturalHeight), { once: true });
  return { frame, image, buttons };
}

/** A file of the person's own before the server has it; its name where it can't be shown here. */
export function filePreview({ src, name }, alt) {
  const picture = el("img", { src, alt });
  // Some phones' formats and PDFs can't be shown here; the server reads them all the same.
  picture.addEventListener("error", () => picture.replaceWith(el("span", { class: "file-name" }, name)));
  return picture;
}

function markButton(mark, press) {
  const words = wordsOf(mark);
  const name = mark.number ? `${mark.number}: ${words}` : words;
  return el("button", {
    type: "button", class: mark.box ? "mark box" : "mark spot", lang: scriptOf(mark.text ?? ""),
    "aria-label": name, "aria-pressed": "false", on: { click: press },
  }, mark.number ? el("span", { class: "number", "aria-hidden": "true" }, String(mark.number)) : null);
}

/** Lays a mark over its pixels. Sizes are set on the style object: the page allows no style text. */
function place(button, { box, point }, width, height) {
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  if (box) {
    const [x1, y1, x2, y2] = box;
    button.style.left = percent(x1, width);
    button.style.top = percent(y1, height);
    button.style.width = percent(x2 - x1, width);
    button.style.height = percent(y2 - y1, height);
  } else if (point) {
    button.style.left = percent(point[0], width);
    button.style.top = percent(point[1], height);
  } else return;
  button.dataset.placed = "yes";
}

/**
 * A figure: the picture, its marks, a bubble at the mark that is chosen, and the list of them.
 * @param {object} with_
 * @param {object} with_.picture
 * @param {Array<object>} with_.marks
 * @param {(picture: object, marks: Array<object>, index: number|null) => void} with_.view opens
 *   the picture large, at a mark.
 * @param {string|null} [with_.floor] that the marks are on, where there is one for all.
 * @param {boolean} [with_.listed] whether the marks are listed below.
 */
export function markedPhoto({ picture, marks, view, floor = null, listed = true }) {
  const numbered = marks.map((mark, i) => ({ ...mark, number: marks.length > 1 ? i + 1 : null }));
  const bubble = el("div", { class: "bubble", hidden: true });
  const rows = [];
  let selected = null;

  const select = (index) => {
    selected = index;
    buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(i === index)));
    rows.forEach((row, i) => row.classList.toggle("selected", i === index));
    frame.classList.toggle("has-selected", index !== null);
    fillBubble(index);
  };
  const fillBubble = (index) => {
    bubble.hidden = index === null;
    if (index === null) return;
    const mark = numbered[index];
    bubble.replaceChildren(
      ...present(sides(mark, "p", ["bubble-text", "bubble-label"])),
      floor && !mark.label?.includes(floor) ? el("p", { class: "bubble-note" }, `${t("floor")}: ${floor}`) : "",
      el("button", { type: "button", class: "link-button", on: { click: () => view(picture, numbered, index) } },
        icon("larger"), t("closer")),
    );
    settle(bubble, frame, buttons[index]);
  };
  const { frame, buttons } = photo({
    picture,
    marks: numbered,
    chosen: (index) => select(selected === index ? null : index),
    enlarge: () => view(picture, numbered, null),
  });
  frame.append(bubble);
  frame.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || selected === null) return;
    event.stopPropagation();
    const row = rows[selected];
    select(null);
    row?.querySelector("button")?.focus();
  });

  const list = listed && numbered.length ? el("ol", { class: "places" }) : null;
  numbered.forEach((mark, index) => {
    if (!list) return;
    const row = el("li", {}, el("button", {
      type: "button", class: "place-row",
      on: {
        click: () => {
          select(index);
          frame.scrollIntoView({ block: "nearest" });
          buttons[index].focus({ preventScroll: true });
        },
      },
    },
    mark.number ? el("span", { class: "number", "aria-hidden": "true" }, String(mark.number)) : icon("pin"),
    el("span", { class: "place-words" }, sides(mark, "span", ["place-text", "place-label"])),
    el("span", { class: "visually-hidden" }, ` ${t("showOnPhoto")}`),
    el("span", { class: "row-hint", "aria-hidden": "true" }, t("showOnPhoto"))));
    rows.push(row);
    list.append(row);
  });
  return el("figure", { class: "figure" }, frame,
    list ? el("figcaption", {}, el("span", { class: "caption" }, t("places", numbered.length)), list) : null);
}

/** Puts the bubble below its mark, or above where there is no room, within the photo's width. */
function settle(bubble, frame, button) {
  const photo = frame.getBoundingClientRect();
  const mark = button.getBoundingClientRect();
  const middle = mark.left + mark.width / 2 - photo.left;
  const half = bubble.offsetWidth / 2;
  const left = Math.min(Math.max(middle, half + 6), Math.max(photo.width - half - 6, half + 6));
  bubble.style.left = `${left}px`;
  const below = mark.bottom - photo.top + 10;
  const fits = below + bubble.offsetHeight <= photo.height;
  const above = mark.top - photo.top - bubble.offsetHeight - 10;
  bubble.style.top = `${fits || above < 0 ? below : above}px`;
}
