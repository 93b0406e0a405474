/** Signing in by the token, where the server asks for one. */

import * as api from "/static/api.js";
import { byId } from "/static/dom.js";
import { reason, t } from "/static/strings.js";

/** The form that stands instead of the conversation. */
export class SignIn {
  /** @param {{entered: (session: object) => Promise<void>}} with_ */
  constructor({ entered }) {
    this.entered = entered;
    byId("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  /** Asks for the token, and says why where there is a reason. */
  ask(why) {
    byId("sign-in-error").textContent = why;
    byId("token").value = "";
    byId("token").focus();
  }

  async submit() {
    const token = byId("token").value.trim();
    const error = byId("sign-in-error");
    if (!token) {
      error.textContent = t("tokenMissing");
      byId("token").focus();
      return;
    }
    error.textContent = "";
    let session;
    try {
      await api.signIn(token);
      session = await api.session();
    } catch (failed) {
      error.textContent = { 401: t("tokenWrong"), 429: t("tokenLater") }[failed.status] ?? reason(failed);
      byId("token").select();
      return;
    }
    byId("token").value = "";
    await this.entered(session);
  }
}
