/** A model's prose as elements: paragraphs, lists, bold and code. No links, no pictures, no HTML. */

import { el } from "/static/dom.js";

// "3.5 kg" begins no list.
const NUMBERED = /^\s*(\d{1,3})(?:[.)]\s+|[.)、．](?=[^\d\s]))(.+)$/;
const BULLET = /^\s*[-*•]\s+(.+)$/;
const HEADING = /^\s{0,3}#{1,6}\s+(.+)$/;

const HAN = /([\u3400-\u9fff][\u3000-\u303f\u3400-\u9fff\uff00-\uffef]*)/;

/**
 * The elements for a text.
 * @param {string} text
 * @param {string|null} [language] of the text: Chinese within another is marked, so that it is
 *   spoken and drawn as such.
 */
export function prose(text, language = null) {
  const mixed = Boolean(language) && !/^(zh|ja|ko)\b/i.test(language);
  const inline = (line) => inlineOf(line, mixed);
  const out = [];
  let list = null;
  let paragraph = null;
  for (const line of text.split("\n")) {
    const numbered = NUMBERED.exec(line);
    const bullet = numbered ? null : BULLET.exec(line);
    const heading = HEADING.exec(line);
    if (numbered || bullet) {
      paragraph = null;
      const tag = numbered ? "OL" : "UL";
      if (list?.tagName !== tag) {
        list = el(tag, numbered && numbered[1] !== "1" ? { start: Number(numbered[1]) } : {});
        out.push(list);
      }
      list.append(el("li", {}, inline(numbered ? numbered[2] : bullet[1])));
    } else if (heading) {
      list = paragraph = null;
      out.push(el("p", {}, el("strong", {}, inline(heading[1]))));
    } else if (!line.trim()) {
      paragraph = null;
      // An empty line between two items doesn't end their list.
    } else if (paragraph) {
      paragraph.append(el("br"), ...inline(line));
    } else {
      list = null;
      paragraph = el("p", {}, inline(line));
      out.push(paragraph);
    }
  }
  return out;
}

function inlineOf(text, mixed) {
  const plain = (part) => mixed
    ? part.split(HAN).filter(Boolean).map((run) => HAN.test(run) ? el("span", { lang: "zh" }, run) : run)
    : part;
  const parts = text.split(/(\*\*(?=\S)[^*]*[^*\s]\*\*|`[^`]+`)/);
  return parts.filter(Boolean).map((part) => {
    if (/^\*\*(?=\S)[^*]+\*\*$/.test(part)) return el("strong", {}, plain(part.slice(2, -2)));
    if (/^`[^`]+`$/.test(part)) return el("code", {}, part.slice(1, -1));
    return plain(part);
  }).flat();
}

/** A text without the lines that only repeat the route's steps, which are shown as a list. */
export function withoutSteps(text, steps) {
  const said = new Set(steps.map((step) => bare(step.instruction)));
  const kept = [];
  for (const line of text.split("\n")) {
    if (!said.has(bare(line.replace(NUMBERED, "$2")))) {
      kept.push(line);
      continue;
    }
    while (kept.length && !kept.at(-1).trim()) kept.pop();
    // A line such as "From the main entrance:" led to the steps, and now leads nowhere.
    if (/[:：]\s*$/.test(kept.at(-1) ?? "")) kept.pop();
  }
  const left = kept.join("\n").trim();
  return left.length > 0 ? left : text;
}

function bare(line) {
  return line.replace(/[\s.。*]+/g, "").toLowerCase();
}
