/** Following a turn as it goes: server-sent events over fetch, so that what was lost with a
 * connection is asked for again from the last event that came. */

const SILENCE = 60_000; // the server pings well within this; longer is a dead connection
const PAUSES = [300, 1000, 2000, 4000, 8000];

/**
 * Follows a stream until `on` says that it is over.
 * @param {string} path
 * @param {object} with_
 * @param {number} [with_.last] id of the last event that is known.
 * @param {(event: {id: number, name: string, data: object}) => boolean} with_.on true ends it.
 * @param {(status: number) => void} with_.refused the server won't give it; status 0 when it
 *   ended the stream before the turn's end, as it does when it is shut down.
 * @param {() => void} with_.lost the connection broke off.
 * @param {() => void} with_.back it is there again.
 * @returns {() => void} stops following.
 */
export function follow(path, { last = 0, on, refused, lost, back }) {
  const control = new AbortController();
  let id = last;
  const run = async () => {
    for (let tries = 0; !control.signal.aborted;) {
      const attempt = new AbortController();
      const end = () => attempt.abort();
      control.signal.addEventListener("abort", end);
      try {
        const headers = { Accept: "text/event-stream" };
        if (id) headers["Last-Event-ID"] = String(id);
        const response = await fetch(path, { headers, cache: "no-store", signal: attempt.signal });
        if (response.status >= 400 && response.status < 500 && response.status !== 429) {
          await response.body?.cancel();
          refused(response.status);
          return;
        }
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        back();
        for await (const event of parsed(response.body, end)) {
          tries = 0;
          if (event.id) id = event.id;
          if (event.name && on(event)) return;
        }
        await pause(PAUSES[1], control.signal);
        if (!control.signal.aborted) refused(0);
        return;
      } catch {
        if (control.signal.aborted) return;
      } finally {
        control.signal.removeEventListener("abort", end);
        attempt.abort();
      }
      if (tries > 0) lost();
      await pause(PAUSES[Math.min(tries, PAUSES.length - 1)], control.signal);
      tries += 1;
    }
  };
  run();
  return () => control.abort();
}

/** Waits; less when the browser says that the network is back. */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    addEventListener("online", over);
    signal.addEventListener("abort", over);
  });
}

/** The events of a stream, as they come. A long silence ends the stream. */
async function* parsed(body, end) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let timer = setTimeout(end, SILENCE);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE);
      rest = (rest + value).replaceAll("\r\n", "\n");
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const event = eventOf(block);
        if (event) yield event;
      }
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

/** One event of the stream's text; null for a comment or what can't be read. */
export function eventOf(block) {
  const event = { id: 0, name: "", data: {} };
  const data = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event.name = value;
    else if (field === "id") event.id = Number(value) || 0;
    else if (field === "data") data.push(value);
  }
  if (!event.name && !data.length) return null;
  try {
    if (data.length) event.data = JSON.parse(data.join("\n"));
  } catch {
    return null;
  }
  return event;
}
