/** The list of conversations: beside the page where there is room, else a drawer. */

import { byId, el, icon, scriptOf } from "/static/dom.js";
import { ago, t } from "/static/strings.js";

const WIDE = matchMedia("(min-width: 900px)");

/** The list and the drawer it lies in. */
export class History {
  /** @param {{open: Function, remove: Function, create: Function}} with_ */
  constructor({ open, remove, create }) {
    this.aside = byId("history");
    this.list = byId("threads");
    this.open = open;
    this.remove = remove;
    byId("menu").addEventListener("click", () => this.show());
    byId("close-history").addEventListener("click", () => this.hide());
    byId("curtain").addEventListener("click", () => this.hide());
    for (const id of ["new", "new-wide"]) byId(id).addEventListener("click", () => {
      this.hide();
      create();
    });
    this.aside.addEventListener("keydown", (event) => { if (event.key === "Escape") this.hide(); });
    WIDE.addEventListener("change", () => this.settle(false));
    this.settle(false);
  }

  show() {
    this.settle(true);
    byId("close-history").focus();
  }

  hide() {
    if (!this.shown) return;
    this.settle(false);
    byId("menu").focus();
  }

  settle(shown) {
    this.shown = shown && !WIDE.matches;
    this.aside.classList.toggle("shown", this.shown);
    this.aside.inert = !WIDE.matches && !this.shown;
    byId("curtain").hidden = !this.shown;
    byId("menu").setAttribute("aria-expanded", String(this.shown));
    for (const node of [byId("main"), byId("composer"), document.querySelector(".top")]) node.inert = this.shown;
  }

  /** Lists the conversations, with the one that is open marked. */
  draw(threads, current) {
    if (!threads.length) {
      this.list.replaceChildren(el("li", { class: "muted none" }, t("noThreads")));
      return;
    }
    this.list.replaceChildren(...threads.map(({ thread, title, updated }) => {
      const name = (title ?? "").trim() || t("untitled");
      return el("li", { class: thread === current ? "current" : null },
        el("button", {
          type: "button", class: "thread", "aria-current": thread === current ? "page" : null,
          on: { click: () => { this.hide(); this.open(thread); } },
        }, el("span", { class: "thread-title", lang: scriptOf(name) }, name), el("span", { class: "muted" }, ago(updated))),
        el("button", {
          type: "button", class: "icon-button small", title: t("deleteThread", name),
          "aria-label": t("deleteThread", name), on: { click: () => this.remove(thread, name) },
        }, icon("trash")));
    }));
  }
}
