/** The card that asks a person whether tools may do what they are about to. */

import { el, icon, scriptOf } from "/static/dom.js";
import { markedPhoto } from "/static/photo.js";
import { t } from "/static/strings.js";

/**
 * The card for calls that wait.
 * @param {object} with_
 * @param {Array<object>} with_.pending
 * @param {(handle: string) => object} with_.pictureOf
 * @param {Function} with_.view
 * @param {(decisions: boolean[], calls: string[]) => Promise<void>} with_.decide told once all are
 *   decided, and of which calls: those that are on this card.
 */
export function approvalCard({ pending, pictureOf, view, decide }) {
  const words = new Array(pending.length).fill(null);
  const calls = [];
  const settle = async () => {
    if (words.some((word) => word === null)) return;
    const buttons = card.querySelectorAll(".decide button");
    buttons.forEach((button) => { button.disabled = true; });
    try {
      await decide([...words], pending.map((call) => call.id).filter(Boolean));
    } catch {
      // The page has said why; the person may try again.
      buttons.forEach((button) => { button.disabled = false; });
    }
  };
  pending.forEach((call, index) => {
    const yes = el("button", { type: "button", class: "button primary", "aria-pressed": pending.length > 1 ? "false" : null }, icon("check"), t("allow"));
    const no = el("button", { type: "button", class: "button", "aria-pressed": pending.length > 1 ? "false" : null }, icon("close"), t("deny"));
    const choose = (word) => () => {
      words[index] = word;
      if (pending.length > 1) {
        yes.setAttribute("aria-pressed", String(word));
        no.setAttribute("aria-pressed", String(!word));
      }
      settle();
    };
    yes.addEventListener("click", choose(true));
    no.addEventListener("click", choose(false));
    const named = `pending-${Math.random().toString(36).slice(2)}`;
    calls.push(el("div", { class: "pending", role: "group", "aria-labelledby": named },
      el("p", { class: "pending-what", id: named, lang: scriptOf(call.description ?? "") }, call.description || t("tools")[call.name] || call.name),
      ...photosOf(call, pictureOf, view),
      el("details", {}, el("summary", {}, t("details")),
        el("p", { class: "tool-name" }, el("code", {}, call.name)), argumentList(call.arguments ?? {})),
      el("div", { class: "buttons decide" }, yes, no)));
  });
  const card = el("section", { class: "card approval", "aria-label": t("pendingTitle", pending.length) },
    el("h3", {}, icon("alert"), t("pendingTitle", pending.length)), calls);
  return card;
}

function photosOf(call, pictureOf, view) {
  const byImage = new Map();
  for (const { image, box, point } of call.places ?? []) {
    if (!byImage.has(image)) byImage.set(image, []);
    byImage.get(image).push({ box, point, label: call.description || call.name, text: null });
  }
  return [...byImage].map(([handle, marks]) =>
    markedPhoto({ picture: pictureOf(handle), marks, view, listed: false }));
}

function argumentList(given) {
  const entries = Object.entries(given);
  if (!entries.length) return null;
  return el("dl", { class: "arguments" }, entries.map(([name, value]) => [
    el("dt", {}, name),
    el("dd", {}, typeof value === "string" ? value : JSON.stringify(value)),
  ]));
}
