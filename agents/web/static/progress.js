/** What an event of the stream makes of a turn. */

/**
 * Takes an event into a turn.
 * @param {object} turn as the page keeps it.
 * @param {object} event with `id`, `name` and `data`.
 * @returns {boolean} whether it was one of a turn that goes on; others end it.
 */
export function progressed(turn, { id, name, data }) {
  // A stream that begins anew, as after the server's restart, tells everything again.
  if (id && id <= (turn.last ?? 0) || id === 1) Object.assign(turn, { text: "", tools: [], stepAt: 0 });
  if (id) turn.last = id;
  if (name === "text") Object.assign(turn, { state: "running", text: turn.text + (data.delta ?? "") });
  else if (name === "queued") Object.assign(turn, { state: "queued", ahead: data.ahead ?? 0 });
  else if (name === "started") turn.state = "running";
  else if (name === "restarted") turn.text = turn.text.slice(0, turn.stepAt ?? 0);
  else if (name === "tool") takeCall(turn, data);
  else return false;
  return true;
}

function takeCall(turn, data) {
  Object.assign(turn, { state: "running", stepAt: turn.text.length });
  // Models count calls anew in each step: the newest of that id that isn't over is meant.
  const known = turn.tools.findLast((call) => call.call_id === data.call_id && call.ok === null);
  if (known && data.ok !== null) known.ok = data.ok;
  else turn.tools.push({ ...data });
}
