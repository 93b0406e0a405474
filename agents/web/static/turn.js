/** One question and what comes of it. */

import { approvalCard } from "/static/approval.js";
import { el, icon, scriptOf, sentence } from "/static/dom.js";
import { filePreview, markedPhoto, photo } from "/static/photo.js";
import { prose, withoutSteps } from "/static/prose.js";
import { floorPill, routeCard } from "/static/route.js";
import { language, t } from "/static/strings.js";

const BUSY = ["queued", "running", "waiting"];

/** Whether a turn is not over. */
export const isBusy = (turn) => BUSY.includes(turn.state);

/** The part of the page that shows a turn, redrawn as the turn changes. */
export class TurnView {
  /**
   * @param {object} turn
   * @param {object} with_
   * @param {(handle: string) => object} with_.pictureOf any picture of the conversation.
   * @param {Function} with_.view opens a picture.
   * @param {(turn: object, decisions: boolean[], calls: string[]) => Promise<void>} with_.decide
   * @param {(turn: object) => void} with_.again asks it once more.
   * @param {(turn: object) => boolean} with_.isLast
   */
  constructor(turn, with_) {
    this.turn = turn;
    this.with = with_;
    this.node = el("article", { class: "turn", tabindex: "-1" });
    this.text = null;
    this.waitsForFrame = false;
    this.draw();
  }

  update(turn) {
    this.turn = turn;
    this.draw();
  }

  /** More of the prose came: only that part is redrawn, once a frame. */
  grow() {
    if (!this.text || this.waitsForFrame) {
      if (!this.text) this.draw();
      return;
    }
    this.waitsForFrame = true;
    requestAnimationFrame(() => {
      this.waitsForFrame = false;
      if (this.text) this.text.replaceChildren(...prose(this.turn.text));
    });
  }

  draw() {
    const { turn } = this;
    const named = `asked-${turn.turn}`;
    this.node.setAttribute("aria-labelledby", named);
    this.node.dataset.state = turn.state;
    this.node.dataset.turn = String(turn.turn);
    const answer = el("div", { class: "answer", "aria-busy": String(turn.state === "running" || turn.state === "queued") });
    if (turn.answer && turn.state === "done") this.drawAnswer(answer, turn.answer);
    else this.drawProgress(answer);
    this.node.replaceChildren(this.asked(named), answer);
  }

  asked(named) {
    const { turn } = this;
    const shots = (turn.images ?? []).map((image) => this.thumbnail(this.with.pictureOf(image.handle)));
    const sent = turn.images?.length ? [] : (turn.previews ?? []).map((p) =>
      el("span", { class: "thumbnail" }, filePreview(p, t("yourPhoto", p.name))));
    return el("div", { class: "asked" },
      shots.length || sent.length ? el("div", { class: "thumbnails" }, shots, sent) : null,
      el("h2", { class: "question", id: named, dir: "auto", lang: scriptOf(turn.question) }, turn.question));
  }

  thumbnail(picture) {
    const words = picture.alt;
    return el("button", {
      type: "button", class: "thumbnail", "aria-label": t("larger", words), title: t("larger", words),
      on: { click: () => this.with.view(picture, [], null) },
    }, el("img", { src: picture.src, alt: "" }));
  }

  drawProgress(answer) {
    const { turn } = this;
    this.text = turn.text ? el("div", { class: "prose", dir: "auto", lang: scriptOf(turn.text) }, prose(turn.text)) : null;
    answer.append(el("h3", { class: "visually-hidden" }, t("answer")));
    if (turn.state === "queued") answer.append(this.notice("clock", t("queue", turn.ahead ?? 0), "queue"));
    const tools = this.toolChips();
    if (tools) answer.append(tools);
    if (this.text) answer.append(this.text);
    if (turn.state === "running") {
      answer.append(el("p", { class: "working" }, el("span", { class: "dots", "aria-hidden": "true" },
        el("i"), el("i"), el("i")), el("span", {}, t("thinking"))));
    }
    if (turn.state === "waiting") {
      answer.append(approvalCard({
        pending: turn.pending ?? [],
        pictureOf: this.with.pictureOf,
        view: this.with.view,
        decide: (decisions, calls) => this.with.decide(turn, decisions, calls),
      }));
    }
    if (turn.state === "failed") answer.append(this.notice("alert", turn.error ? sentence(turn.error) : t("failed"), "bad", turn.error ? "en" : null), this.again());
    if (turn.state === "stopped") answer.append(this.notice("stop", t("stopped"), "quiet"), this.again());
    if (turn.state === "interrupted") {
      const why = language() === "en" && turn.error ? turn.error : t("interrupted");
      answer.append(this.notice("alert", why, "quiet"), this.again());
    }
  }

  notice(name, text, kind, language = null) {
    return el("p", { class: `notice ${kind}` }, icon(name), el("span", { lang: language }, text));
  }

  /** Asking once more is for the last question; an earlier one has been gone on from. */
  again() {
    if (!this.with.isLast(this.turn)) return "";
    return el("button", { type: "button", class: "button", on: { click: () => this.with.again(this.turn) } },
      icon("again"), t("askAgain"));
  }

  toolChips() {
    const tools = this.turn.tools ?? [];
    if (!tools.length) return null;
    return el("ul", { class: "tools" }, tools.map((call) => toolItem(call)));
  }

  drawAnswer(node, answer) {
    const language = answer.language || scriptOf(answer.text);
    const { route } = answer;
    this.text = null;
    node.append(el("h3", { class: "visually-hidden" }, t("answer")));
    const text = route ? withoutSteps(answer.text, route.steps ?? []) : answer.text;
    node.append(el("div", { class: `prose${answer.found ? "" : " not-found"}`, lang: language, dir: "auto" }, prose(text, language)));
    const facts = factChips(answer.facts ?? {}, route);
    if (facts) node.append(facts);
    node.append(...this.evidence(answer));
    const made = (answer.pictures ?? []).map((picture) => this.made(picture));
    if (route) node.append(routeCard(route, made));
    else node.append(...made);
    const how = this.how();
    if (how) node.append(how);
  }

  /** The photos that the answer rests on, each with its boxes. */
  evidence(answer) {
    const byImage = new Map();
    for (const found of answer.detections ?? []) {
      if (!found.box && !found.point) continue;
      if (!byImage.has(found.image)) byImage.set(found.image, []);
      byImage.get(found.image).push(found);
    }
    const floor = answer.facts?.floor;
    return [...byImage].map(([handle, marks]) => markedPhoto({
      picture: this.with.pictureOf(handle), marks, view: this.with.view,
      floor: marks.length === 1 ? floor : null,
    }));
  }

  made(given) {
    const picture = this.with.pictureOf(given.handle);
    const short = { ...picture, title: this.turn.answer?.route ? t("routePicture") : t("madePicture") };
    const { frame } = photo({ picture, marks: [], chosen: () => {} });
    const figure = el("figure", { class: "figure made" }, frame);
    frame.append(el("button", {
      type: "button", class: "enlarge whole", "aria-label": t("larger", short.title),
      title: t("larger", short.title), on: { click: () => this.with.view(short, [], null) },
    }, icon("larger")));
    return figure;
  }

  how() {
    const tools = this.turn.tools ?? [];
    if (!tools.length) return null;
    return el("details", { class: "how" }, el("summary", {}, t("how", tools.length)),
      el("ul", { class: "tools" }, tools.map((call) => toolItem(call))));
  }
}

function toolItem({ name, ok }) {
  const state = ok === null || ok === undefined ? "running" : ok ? "done" : "notDone";
  return el("li", { class: `tool ${state}` },
    state === "running" ? el("span", { class: "spinner", "aria-hidden": "true" }) : icon(ok ? "check" : "alert"),
    el("span", {}, t("tools")[name] ?? name), el("span", { class: "visually-hidden" }, `: ${t(state)}`));
}

/** What is stated, beside what the route's card tells anyway. */
function factChips(facts, route) {
  const known = Object.entries(facts).filter(([name, value]) =>
    typeof value === "string" && value && !(route && name in route));
  if (!known.length) return null;
  return el("p", { class: "chips facts" }, known.map(([name, value]) => name === "floor"
    ? el("span", { class: "chip strong" }, icon("pin"), `${t("floor")} `, floorPill(value))
    : el("span", { class: "chip" }, `${name}: ${value}`)));
}
