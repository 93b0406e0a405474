/** Where a question is written and photos are added: by camera, from files, dropped, pasted. */

import { announce, byId, el, icon } from "/static/dom.js";
import { filePreview } from "/static/photo.js";
import { t } from "/static/strings.js";

const WIDEST = 3000; // pixels; a photo that is too large a file is made smaller to this

/** The form at the foot of the page. */
export class Composer {
  /** @param {{send: (question: {text: string, images: Array}) => Promise<boolean>, stop: () => void}} with_ */
  constructor({ send, stop }) {
    this.form = byId("composer");
    this.text = byId("question");
    this.error = byId("composer-error");
    this.previews = byId("previews");
    this.images = [];
    this.limits = { upload_mb: 20, images: 4, pixels: 50_000_000 };
    this.busy = false;
    this.sending = false;
    this.send = send;
    byId("stop").addEventListener("click", stop);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("keydown", (event) => {
      // Enter also ends a word of an input method, which is no wish to send.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      if (matchMedia("(pointer: coarse)").matches) return;
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.grow());
    for (const name of ["camera", "choose"]) {
      const file = byId(`${name}-file`);
      byId(name).addEventListener("click", () => file.click());
      file.addEventListener("change", () => {
        this.add([...file.files]);
        file.value = "";
      });
    }
    this.takeDrops();
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length && !this.form.hidden) {
        event.preventDefault();
        this.add(files);
      }
    });
  }

  takeDrops() {
    const drop = byId("drop");
    let depth = 0;
    const hasFiles = (event) => !this.form.hidden && [...(event.dataTransfer?.types ?? [])].includes("Files");
    addEventListener("dragenter", (event) => {
      if (!hasFiles(event)) return;
      depth += 1;
      drop.hidden = false;
    });
    addEventListener("dragleave", () => {
      depth = Math.max(0, depth - 1);
      if (!depth) drop.hidden = true;
    });
    addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
    addEventListener("drop", (event) => {
      depth = 0;
      drop.hidden = true;
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }

  /** Takes in files, as far as they are pictures and the limits allow. */
  async add(files) {
    this.complain("");
    for (const file of files) {
      const name = file.name || t("photo", this.images.length + 1);
      if (this.images.length >= this.limits.images) {
        this.complain(t("tooMany", this.limits.images));
        break;
      }
      if (file.type && !file.type.startsWith("image/") && file.type !== "application/pdf") {
        this.complain(t("notImage", name));
        continue;
      }
      if (!file.size) {
        this.complain(t("empty", name));
        continue;
      }
      const blob = await this.fitting(file);
      if (!blob) {
        this.complain(t("tooLarge", name, this.limits.upload_mb));
        continue;
      }
      if (this.images.length >= this.limits.images) break;
      this.images.push({ blob, name, src: URL.createObjectURL(blob) });
      announce(t("added", name));
    }
    this.draw();
    this.text.focus();
  }

  /** The file, or a smaller picture of it where it is too large; null where that can't be. */
  async fitting(file) {
    const taken = this.images.reduce((sum, image) => sum + image.blob.size, 0);
    // The question and the form around the files take a little too.
    const most = this.limits.upload_mb * 1_000_000 - taken - 20_000;
    if (file.size <= most && (await pixelsOf(file)) <= this.limits.pixels) return file;
    try {
      const bitmap = await createImageBitmap(file);
      const scale = Math.min(1, WIDEST / Math.max(bitmap.width, bitmap.height));
      const canvas = el("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.9); });
      return blob && blob.size <= most ? blob : null;
    } catch {
      return null;
    }
  }

  draw() {
    this.previews.hidden = !this.images.length;
    this.previews.replaceChildren(...this.images.map((image) => el("li", {},
      filePreview(image, image.name),
      el("button", {
        type: "button", class: "remove", title: t("removePhoto", image.name),
        "aria-label": t("removePhoto", image.name), on: { click: () => this.remove(image) },
      }, icon("close")))));
  }

  remove(image) {
    const at = this.images.indexOf(image);
    this.images = this.images.filter((other) => other !== image);
    URL.revokeObjectURL(image.src);
    announce(t("removed", image.name));
    this.draw();
    (this.previews.querySelectorAll("button")[Math.max(0, at - 1)] ?? this.text).focus();
  }

  async submit() {
    if (this.busy || this.sending) return;
    const text = this.text.value.trim();
    if (!text) {
      this.complain(t("noQuestion"));
      this.text.focus();
      return;
    }
    this.complain("");
    const written = this.text.value;
    const sent = [...this.images];
    if (!(await this.once(() => this.send({ text, images: sent })))) return;
    // What came while it was on its way is the next question's.
    this.images = this.images.filter((image) => !sent.includes(image));
    if (this.text.value === written) this.text.value = "";
    this.grow();
    this.draw();
  }

  /** Sends one thing at a time; false where another is on its way, or it wasn't taken. */
  async once(send) {
    if (this.busy || this.sending) return false;
    this.sending = true;
    this.state();
    const taken = await send();
    this.sending = false;
    this.state();
    return taken;
  }

  /** Says what is wrong, beside where it is mended. The server's own lines are English. */
  complain(line, language = null) {
    this.error.textContent = line;
    if (language) this.error.lang = language;
    else this.error.removeAttribute("lang");
  }

  /** Whether an answer is on its way: then there is a button to stop it. */
  setBusy(busy, waits = false) {
    this.busy = busy;
    this.waits = waits;
    this.state();
  }

  state() {
    const send = byId("send");
    const stop = byId("stop");
    const focused = document.activeElement === send || document.activeElement === stop;
    send.hidden = this.busy;
    stop.hidden = !this.busy;
    send.disabled = this.sending;
    this.form.classList.toggle("sending", this.sending);
    this.form.setAttribute("aria-busy", String(this.sending));
    if (focused && (this.busy ? send : stop) === document.activeElement) this.text.focus();
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 160)}px`;
  }

  /** Puts a question there, to be sent or changed. */
  suggest(text) {
    this.text.value = text;
    this.grow();
    this.text.focus();
  }
}

/** How many pixels a picture has; 0 where the browser can't tell, which the server will. */
async function pixelsOf(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => { Object.assign(image, { onload: resolve, onerror: reject }); });
    return image.naturalWidth * image.naturalHeight;
  } catch {
    return 0;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
