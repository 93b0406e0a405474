/** A model's prose as elements: paragraphs, lists, bold and code. No links, no pictures, no HTML. */

import { el } from "/static/dom.js";

// "3.5 kg" begins no list.
const NUMBERED = /^\s*(\d{1,3})(?:[.)]\s+|[.)、．](?=[^\d\s]))(.+)$/;
const BULLET = /^\s*[-*•]\s+(.+)$/;
const HEADING = /^\s{0,3}#{1,6}\s+(.+)$/;

/** The elements for a text. */
export function prose(text) {
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

function inline(text) {
  const parts = text.split(/(\*\*(?=\S)[^*]*[^*\s]\*\*|`[^`]+`)/);
  return parts.filter(Boolean).map((part) => {
    if (/^\*\*(?=\S)[^*]+\*\*$/.test(part)) return el("strong", {}, part.slice(2, -2));
    if (/^`[^`]+`$/.test(part)) return el("code", {}, part.slice(1, -1));
    return part;
  });
}

/** A text without the lines that only repeat the route's steps, which are shown as a list. */
export function withoutSteps(text, steps) {
  const said = new Set(steps.map((step) => bare(step.instruction)));
  const kept = text.split("\n").filter((line) => !said.has(bare(line.replace(NUMBERED, "$2"))));
  if (kept.length === text.split("\n").length) return text;
  // A line such as "From the main entrance:" led to the steps, and now leads nowhere.
  const left = kept.join("\n").trim().replace(/(^|\n)[^\n]*[:：]$/, "").trim();
  return left.length > 0 ? left : text;
}

function bare(line) {
  return line.replace(/[\s.。*]+/g, "").toLowerCase();
}
