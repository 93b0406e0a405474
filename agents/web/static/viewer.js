/** A picture as large as the window and larger, with its marks. */

import { byId } from "/static/dom.js";
import { photo } from "/static/photo.js";
import { t } from "/static/strings.js";

const MOST = 8;

/** The dialog that shows one picture at a time. */
export class Viewer {
  constructor() {
    this.dialog = byId("viewer");
    this.stage = byId("stage");
    this.title = byId("viewer-title");
    this.zoom = 1;
    this.frame = null;
    this.size = [1, 1];
    byId("viewer-close").addEventListener("click", () => this.dialog.close());
    byId("zoom-in").addEventListener("click", () => this.scale(this.zoom * 1.5));
    byId("zoom-out").addEventListener("click", () => this.scale(this.zoom / 1.5));
    this.stage.addEventListener("click", (event) => {
      if (event.target === this.stage) this.dialog.close();
    });
    this.stage.addEventListener("keydown", (event) => this.onKey(event));
    this.dialog.addEventListener("close", () => {
      this.stage.replaceChildren();
      this.frame = null;
    });
    addEventListener("resize", () => { if (this.frame) this.scale(this.zoom); });
  }

  /**
   * Shows a picture.
   * @param {object} picture
   * @param {Array<object>} marks
   * @param {number|null} index the mark to go to.
   */
  show(picture, marks, index) {
    const press = (i) => buttons.forEach((b, n) => {
      b.setAttribute("aria-pressed", String(n === i && b.getAttribute("aria-pressed") !== "true"));
    });
    const { frame, image, buttons } = photo({ picture, marks, chosen: press });
    this.frame = frame;
    this.title.textContent = picture.title ?? picture.alt;
    this.stage.setAttribute("aria-label", t("picture"));
    this.stage.replaceChildren(frame);
    this.dialog.showModal();
    const ready = () => {
      this.size = [picture.width || image.naturalWidth || 1, picture.height || image.naturalHeight || 1];
      this.zoom = 1;
      this.scale(index === null ? 1 : this.zoomFor(marks[index]));
      if (index !== null) {
        press(index);
        this.centre(buttons[index]);
      }
    };
    if (picture.width || image.complete) ready();
    else image.addEventListener("load", ready, { once: true });
    this.stage.focus();
  }

  /** How large a picture is that just fits, in pixels of the page. */
  fit() {
    const [width, height] = this.size;
    const room = [this.stage.clientWidth - 16, this.stage.clientHeight - 16];
    const scale = Math.min(room[0] / width, room[1] / height, Math.max(1, 900 / width));
    return Math.max(40, width * scale);
  }

  /** A zoom at which a mark takes about a third of the window's width. */
  zoomFor(mark) {
    if (!mark?.box) return 2;
    const wide = ((mark.box[2] - mark.box[0]) / this.size[0]) * this.fit();
    return Math.min(Math.max((this.stage.clientWidth / 3) / Math.max(wide, 1), 1), MOST);
  }

  scale(zoom) {
    if (!this.frame) return;
    const { stage } = this;
    const x = (stage.scrollLeft + stage.clientWidth / 2) / stage.scrollWidth;
    const y = (stage.scrollTop + stage.clientHeight / 2) / stage.scrollHeight;
    this.zoom = Math.min(Math.max(zoom, 1), MOST);
    this.frame.style.width = `${this.fit() * this.zoom}px`;
    stage.scrollLeft = x * stage.scrollWidth - stage.clientWidth / 2;
    stage.scrollTop = y * stage.scrollHeight - stage.clientHeight / 2;
    byId("zoom-out").disabled = this.zoom <= 1.01;
    byId("zoom-in").disabled = this.zoom >= MOST - 0.01;
  }

  centre(button) {
    const { stage } = this;
    const mark = button.getBoundingClientRect();
    const room = stage.getBoundingClientRect();
    stage.scrollLeft += mark.left + mark.width / 2 - room.left - room.width / 2;
    stage.scrollTop += mark.top + mark.height / 2 - room.top - room.height / 2;
  }

  onKey(event) {
    if (event.key === "+" || event.key === "=") this.scale(this.zoom * 1.5);
    else if (event.key === "-") this.scale(this.zoom / 1.5);
    else return;
    event.preventDefault();
  }
}
