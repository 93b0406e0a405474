/** A route: from where to where, its picture, and its steps as a list. */

import { el, icon } from "/static/dom.js";
import { hours, t } from "/static/strings.js";

/**
 * The card of a route.
 * @param {object} route as the tool gives it.
 * @param {Array<Node>} pictures of it, drawn.
 */
export function routeCard(route, pictures) {
  const places = route.places ?? [];
  const [from, to] = [places[0], places.at(-1)];
  const language = route.language || null;
  return el("section", { class: "card route", "aria-label": t("route") },
    el("h3", {}, icon("route"), t("route")),
    from && to ? el("p", { class: "route-ends" },
      el("span", { class: "visually-hidden" }, t("fromTo", `${from.name}, ${from.floor}`, `${to.name}, ${to.floor}`)),
      el("span", { class: "end", "aria-hidden": "true" }, el("span", { lang: language }, from.name), floorPill(from.floor)),
      el("span", { class: "arrow", "aria-hidden": "true" }, "→"),
      el("span", { class: "end", "aria-hidden": "true" }, el("span", { lang: language }, to.name), floorPill(to.floor))) : null,
    el("p", { class: "chips" },
      el("span", { class: "chip" }, t("metres", length(route.distance_m))),
      route.step_free ? el("span", { class: "chip good" }, icon("wheelchair"), t("stepFree")) : null,
      to?.hours ? el("span", { class: "chip" }, icon("clock"), hours(to.hours)) : null),
    pictures,
    el("ol", { class: "steps", lang: language }, (route.steps ?? []).map((step, i) => stepItem(step, route.steps[i - 1]))));
}

function stepItem(step, before) {
  // Most instructions say how far to walk; a second figure beside it would only puzzle.
  const walked = step.distance_m >= 1 && !/\d\s*(m|米|公尺)(?![a-z])/i.test(step.instruction);
  const sameFloor = before?.floor === step.floor;
  return el("li", {},
    el("span", { class: "step-text" }, step.instruction),
    el("span", { class: sameFloor && !walked ? "visually-hidden" : "step-foot" },
      sameFloor ? el("span", { class: "visually-hidden" }, step.floor) : floorPill(step.floor),
      walked ? el("span", { class: "muted" }, t("metres", length(step.distance_m))) : null));
}

/** A floor's short name, as signs write it. */
export function floorPill(floor) {
  return el("span", { class: "floor" }, floor);
}

function length(metres) {
  return String(Math.round(metres));
}
