/** The server's answers to the page's questions. Paths are this server's own. */

/** A request that failed: its status (0 without a connection), the server's own line and its code. */
export class ApiError extends Error {
  constructor(status, line, code = null, about = "") {
    super(line || `HTTP ${status}`);
    this.status = status;
    this.line = line || null;
    this.code = code;
    this.about = about;
  }
}

async function call(method, path, { json, form, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: json !== undefined ? JSON.stringify(json) : form,
      credentials: "same-origin",
      cache: "no-store",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, null);
  }
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, body?.error ?? null, body?.code ?? null, body?.about ?? "");
  return body;
}

const threadPath = (thread) => `/api/threads/${encodeURIComponent(thread)}`;
const turnPath = (thread, turn) => `${threadPath(thread)}/turns/${Number(turn)}`;

export const session = () => call("GET", "/api/session");
export const signIn = (token) => call("POST", "/api/session", { json: { token } });
export const signOut = () => call("DELETE", "/api/session");
export const threads = () => call("GET", "/api/threads");
export const thread = (name) => call("GET", threadPath(name));
export const deleteThread = (name) => call("DELETE", threadPath(name));
export const forgetMe = () => call("DELETE", "/api/me");
export const decide = (name, decisions, calls) => call("POST", `${threadPath(name)}/decisions`, { json: { decisions, calls } });
export const stop = (name, turn) => call("POST", `${turnPath(name, turn)}/stop`, { json: {} });
export const eventsPath = (name, turn) => `${turnPath(name, turn)}/events`;
export const imagePath = (name, handle) => `${threadPath(name)}/images/${encodeURIComponent(handle)}`;

/**
 * Asks a question. Gives `{thread, turn}`.
 * @param {object} with_
 * @param {string} with_.text
 * @param {string|null} with_.thread none begins a new conversation.
 * @param {Array<{blob: Blob, name: string}>} with_.images
 * @param {number|null} with_.again the turn whose photos are asked about once more.
 */
export function ask({ text, thread: name, images, again = null }) {
  const form = new FormData();
  form.append("text", text);
  if (name) form.append("thread", name);
  if (again !== null) form.append("again", String(again));
  for (const image of images) form.append("images", image.blob, image.name);
  return call("POST", "/api/ask", { form });
}
