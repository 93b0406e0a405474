/** The page: who is here, which conversation is open, and what happens in it. */

import * as api from "/static/api.js";
import { Composer } from "/static/composer.js";
import { sure } from "/static/confirm.js";
import { announce, banner, byId, calm, drawIcons, el, scriptOf } from "/static/dom.js";
import { follow } from "/static/events.js";
import { History } from "/static/history.js";
import { progressed } from "/static/progress.js";
import { SignIn } from "/static/signin.js";
import { applyStrings, language, nameIn, reason, reasonLanguage, setLanguage, t } from "/static/strings.js";
import { isBusy, TurnView } from "/static/turn.js";
import { Viewer } from "/static/viewer.js";

class Page {
  constructor() {
    this.session = null;
    this.threads = [];
    this.thread = null;
    this.turns = [];
    this.views = new Map();
    this.following = new Map();
    this.isLost = false;
    // Goes up with each change of conversation: what was begun for an earlier one is dropped.
    this.visit = 0;
    drawIcons(document);
    this.viewer = new Viewer();
    this.composer = new Composer({ send: (question) => this.send(question), stop: () => this.stop() });
    this.history = new History({
      open: (thread) => this.go(thread),
      remove: (thread, title) => this.removeThread(thread, title),
      create: () => this.go(null),
    });
    this.signIn = new SignIn({ entered: (session) => this.enter(session) });
    byId("language").addEventListener("click", () => this.toggleLanguage());
    byId("forget").addEventListener("click", () => this.forgetAll());
    byId("sign-out").addEventListener("click", () => this.signOut());
    addEventListener("hashchange", () => this.openFromAddress());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.session?.signed_in && this.thread) this.reload();
    });
  }

  async begin() {
    this.texts();
    try {
      this.session = await api.session();
    } catch (error) {
      banner(reason(error));
      setTimeout(() => this.begin(), 3000);
      return;
    }
    banner("");
    this.texts();
    if (this.session.signed_in) await this.enter(this.session);
    else this.askToken("");
  }

  /** The page's own texts, after a change of language too. */
  texts() {
    applyStrings(document);
    const other = byId("language");
    other.textContent = t("other");
    other.setAttribute("aria-label", t("other"));
    other.lang = language() === "zh" ? "en" : "zh-Hans";
    const { session } = this;
    if (session) {
      const map = nameIn(session.map);
      const title = session.title || map || "Deixis";
      byId("title").textContent = title;
      document.title = title;
      byId("subtitle").hidden = !map || map === title;
      byId("subtitle").textContent = map ? t("map", map) : "";
      byId("model").textContent = session.model ? t("model", session.model) : "";
      byId("sign-out").hidden = !session.needs_token;
    }
    this.welcome();
  }

  welcome() {
    const here = Boolean(this.session?.signed_in);
    byId("welcome").hidden = !here || this.turns.length > 0;
    const withMap = Boolean(this.session?.map);
    byId("welcome-text").textContent = t(withMap ? "welcomeMap" : "welcomeSign");
    byId("safety").hidden = !withMap;
    byId("examples").replaceChildren(...t(withMap ? "examplesMap" : "examplesSign").map((question) =>
      el("li", {}, el("button", {
        type: "button", class: "example", on: { click: () => this.composer.suggest(question) },
      }, question))));
  }

  toggleLanguage() {
    setLanguage(language() === "zh" ? "en" : "zh");
    this.texts();
    this.history.draw(this.threads, this.thread);
    this.composer.draw();
    this.composer.complain("");
    for (const view of this.views.values()) view.draw();
  }

  // Who is here

  askToken(why) {
    this.leaveThread();
    this.turns = [];
    this.threads = [];
    byId("turns").replaceChildren();
    this.history.draw([], null);
    this.shut(true);
    this.signIn.ask(why);
  }

  /** Shows the way in instead of the conversation, or the reverse. */
  shut(closed) {
    byId("sign-in").hidden = !closed;
    byId("composer").hidden = closed;
    byId("history").hidden = closed;
    for (const id of ["menu", "new"]) byId(id).hidden = closed;
    document.body.classList.toggle("closed", closed);
    this.welcome();
  }

  async signOut() {
    try {
      await api.signOut();
    } catch (error) {
      if (error.status !== 401) {
        banner(reason(error));
        return;
      }
    }
    history.replaceState(null, "", location.pathname);
    this.session = { ...this.session, signed_in: false };
    this.history.hide();
    this.askToken("");
  }

  async enter(session) {
    this.session = session;
    this.composer.limits = { ...this.composer.limits, ...this.session.limits };
    this.shut(false);
    this.texts();
    await this.listThreads();
    await this.openFromAddress();
  }

  /** What to do about a failure that concerns the page as a whole; true where it was that. */
  outside(error) {
    if (error.status !== 401) return false;
    this.session = { ...this.session, signed_in: false };
    if (this.session.needs_token) this.askToken(t("signedOut"));
    else this.begin();
    return true;
  }

  async forgetAll() {
    if (!(await sure(t("forgetAllAsk"), t("forgetAllYes")))) return;
    try {
      await api.forgetMe();
    } catch (error) {
      if (!this.outside(error)) banner(reason(error));
      return;
    }
    this.history.hide();
    this.threads = [];
    this.go(null);
    this.history.draw([], null);
    announce(t("forgotten"));
  }

  // Conversations

  async listThreads() {
    try {
      this.threads = (await api.threads()).threads;
    } catch (error) {
      this.outside(error);
    }
    this.history.draw(this.threads, this.thread);
  }

  async removeThread(thread, title) {
    if (!(await sure(t("deleteAsk", title), t("deleteYes")))) return;
    try {
      await api.deleteThread(thread);
    } catch (error) {
      if (error.status !== 404) {
        if (!this.outside(error)) banner(reason(error));
        return;
      }
    }
    this.threads = this.threads.filter((other) => other.thread !== thread);
    if (thread === this.thread) this.go(null);
    this.history.draw(this.threads, this.thread);
    (document.querySelector("#threads button") ?? byId("new-wide")).focus();
    announce(t("deleted"));
  }

  /** Opens a conversation by its address, so that going back and reloading work. */
  go(thread) {
    const address = thread ? `#${encodeURIComponent(thread)}` : location.pathname;
    if (thread === this.thread && thread) return;
    history.pushState(null, "", address);
    this.openFromAddress();
  }

  async openFromAddress() {
    if (!this.session?.signed_in) return;
    let thread = null;
    try {
      thread = decodeURIComponent(location.hash.slice(1)) || null;
    } catch { /* no address of ours */ }
    if (thread && thread === this.thread) return;
    this.leaveThread();
    const visit = this.visit;
    banner("");
    if (!thread) {
      this.showTurns(null, []);
      return;
    }
    try {
      const found = await api.thread(thread);
      if (visit !== this.visit) return;
      this.showTurns(thread, found.turns);
      this.views.get(this.turns.at(-1)?.turn)?.node.scrollIntoView({ block: "start" });
    } catch (error) {
      if (visit !== this.visit || this.outside(error)) return;
      history.replaceState(null, "", location.pathname);
      this.showTurns(null, []);
      banner(error.status === 404 ? t("gone") : reason(error));
    }
  }

  leaveThread() {
    this.visit += 1;
    for (const end of this.following.values()) end();
    this.following.clear();
    this.thread = null;
    // What lies over the page belongs to the conversation that is left.
    this.viewer.dialog.close();
    this.history.hide();
  }

  showTurns(thread, turns) {
    this.thread = thread;
    this.turns = turns;
    this.views.clear();
    byId("turns").replaceChildren();
    for (const turn of turns) this.addView(turn);
    for (const turn of turns) if (isBusy(turn) && turn.state !== "waiting") this.follow(turn);
    this.history.draw(this.threads, thread);
    this.settle();
  }

  addView(turn) {
    const view = new TurnView(turn, {
      pictureOf: (handle) => this.pictureOf(handle),
      view: (picture, marks, index) => this.viewer.show(picture, marks, index),
      decide: (of, decisions, calls) => this.decide(of, decisions, calls),
      again: (of) => this.again(of),
      isLast: (of) => of === this.turns.at(-1),
    });
    this.views.set(turn.turn, view);
    byId("turns").append(view.node);
    return view;
  }

  /** After any change of state: what may be pressed now. */
  settle() {
    const last = this.turns.at(-1);
    this.composer.setBusy(Boolean(last && isBusy(last)));
    this.welcome();
  }

  /** A picture of the conversation, whichever turn it came in. */
  pictureOf(handle) {
    const known = this.turns.flatMap((turn) => [...(turn.images ?? []), ...(turn.answer?.pictures ?? [])]);
    const found = known.find((picture) => picture.handle === handle) ?? { handle, width: 0, height: 0 };
    const number = known.indexOf(found) + 1;
    return { ...found, alt: found.alt || t("photo", number || 1), src: api.imagePath(this.thread, handle) };
  }

  // Asking

  async send({ text, images, again = null }) {
    const visit = this.visit;
    let begun;
    try {
      begun = await api.ask({ text, thread: this.thread, images, again: again?.turn ?? null });
    } catch (error) {
      if (this.outside(error) || visit !== this.visit) return false;
      this.complain(error);
      // Another page went on with this conversation, or forgot it.
      if (this.thread && [404, 409].includes(error.status)) await this.reload();
      return false;
    }
    if (visit !== this.visit) {
      this.listThreads();
      return true;
    }
    banner("");
    if (this.thread !== begun.thread) {
      this.thread = begun.thread;
      history.pushState(null, "", `#${encodeURIComponent(begun.thread)}`);
    }
    const turn = {
      turn: begun.turn, question: text, images: again?.images ?? [], state: "queued", ahead: 0, text: "", tools: [],
      pending: [], answer: null, error: null,
      previews: images.map(({ src, name }) => ({ src, name })),
    };
    this.turns.push(turn);
    const view = this.addView(turn);
    this.views.get(this.turns.at(-2)?.turn)?.draw();
    this.settle();
    view.node.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
    announce(t("thinking"));
    this.follow(turn);
    this.listThreads();
    return true;
  }

  async again(turn) {
    byId("question").focus();
    await this.composer.once(() => this.send({ text: turn.question, images: [], again: turn }));
  }

  async stop() {
    const last = this.turns.at(-1);
    if (!last || !isBusy(last)) return;
    try {
      await api.stop(this.thread, last.turn);
      if (last.state === "waiting") await this.refresh(last);
    } catch (error) {
      if (!this.outside(error)) this.complain(error);
    }
  }

  async decide(turn, decisions, calls) {
    const visit = this.visit;
    try {
      await api.decide(this.thread, decisions, calls);
    } catch (error) {
      if (!this.outside(error)) this.complain(error);
      // Perhaps it was decided elsewhere.
      if (error.status === 409) await this.refresh(turn);
      throw error;
    }
    if (visit !== this.visit) return;
    this.composer.complain("");
    turn.state = "running";
    turn.pending = [];
    this.views.get(turn.turn)?.update(turn);
    this.views.get(turn.turn)?.node.focus({ preventScroll: true });
    announce(t("decided"));
    this.settle();
    this.follow(turn);
  }

  // What happens in a turn

  follow(turn) {
    this.following.get(turn.turn)?.();
    const visit = this.visit;
    const end = follow(api.eventsPath(this.thread, turn.turn), {
      last: turn.last ?? 0,
      on: (event) => visit !== this.visit || this.happened(turn, event),
      refused: (status) => {
        if (visit !== this.visit || this.outside({ status })) return;
        this.refresh(turn);
      },
      lost: () => {
        this.isLost = true;
        banner(t("lost"));
      },
      back: () => {
        if (this.isLost) {
          banner("");
          announce(t("back"));
        }
        this.isLost = false;
      },
    });
    this.following.set(turn.turn, end);
  }

  /** One event of a turn; true when there is nothing more to follow. */
  happened(turn, event) {
    const { name, data } = event;
    const view = this.views.get(turn.turn);
    if (!progressed(turn, event)) return this.ended(turn, name, data);
    if (name === "text") {
      view?.grow();
      return false;
    }
    view?.update(turn);
    if (name === "queued" && turn.ahead > 0 && turn.said !== turn.ahead) {
      turn.said = turn.ahead;
      announce(t("queue", turn.ahead));
    }
    if (name === "started" && !turn.images.length && turn.previews?.length) this.refreshImages(turn);
    this.settle();
    return false;
  }

  ended(turn, name, data) {
    if (name === "done") {
      this.replace(turn, data);
      this.sayAnswer(turn);
    } else if (name === "waiting") {
      Object.assign(turn, { state: "waiting", pending: data.pending ?? [] });
      announce(`${t("pendingTitle", turn.pending.length)} ${turn.pending.map((call) => call.description).join(" ")}`);
      this.refresh(turn);
    } else if (name === "failed") {
      Object.assign(turn, { state: "failed", error: data.error ?? null });
      this.views.get(turn.turn)?.update(turn);
      announce(turn.error || t("failed"));
    } else if (name === "stopped") {
      turn.state = "stopped";
      this.views.get(turn.turn)?.update(turn);
      announce(t("stopped"));
    } else return false;
    if (["failed", "stopped"].includes(name)) this.refresh(turn);
    this.settle();
    return true;
  }

  sayAnswer(turn) {
    const { answer } = turn;
    if (answer) announce(answer.text, answer.language || scriptOf(answer.text));
    this.listThreads();
  }

  replace(turn, from) {
    Object.assign(turn, from);
    if (turn.images.length) {
      for (const { src } of turn.previews ?? []) URL.revokeObjectURL(src);
      turn.previews = [];
    }
    this.views.get(turn.turn)?.update(turn);
    this.settle();
  }

  /** Takes a turn as the server has it now. */
  async refresh(turn) {
    const visit = this.visit;
    try {
      const found = (await api.thread(this.thread)).turns.find((other) => other.turn === turn.turn);
      if (visit !== this.visit) return;
      if (found) this.replace(turn, found);
    } catch (error) {
      if (visit !== this.visit || this.outside(error)) return;
      this.lose(error);
    }
    if (isBusy(turn) && turn.state !== "waiting") this.follow(turn);
  }

  /** The server's names for the photos of a question, which were only known as files before. */
  async refreshImages(turn) {
    const visit = this.visit;
    try {
      const found = (await api.thread(this.thread)).turns.find((other) => other.turn === turn.turn);
      if (visit === this.visit && found?.images?.length) {
        turn.images = found.images;
        this.views.get(turn.turn)?.update(turn);
      }
    } catch { /* they come with the answer */ }
  }

  /** The conversation as the server has it: another page may have gone on with it. */
  async reload() {
    const { thread, visit } = this;
    try {
      const { turns } = await api.thread(thread);
      if (visit !== this.visit) return;
      const [last, shown] = [turns.at(-1), this.turns.at(-1)];
      if (turns.length === this.turns.length && last?.state === shown?.state) return;
      this.leaveThread();
      this.showTurns(thread, turns);
    } catch (error) {
      if (visit === this.visit && !this.outside(error)) this.lose(error);
    }
  }

  /** Leaves a conversation that isn't there any more. */
  lose(error) {
    if (error.status !== 404) return;
    this.go(null);
    banner(t("gone"));
  }

  complain(error) {
    this.composer.complain(reason(error), reasonLanguage(error));
  }
}

new Page().begin();
