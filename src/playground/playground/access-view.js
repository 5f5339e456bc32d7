// The key: asked for before the first question where the gateway demands one, and a field in the
// settings at any time. Enter works in both.

import { byId } from './dom.js';
import { field } from './json.js';
import { count } from './stats.js';

/** @import { Access } from './access.js' */

export class AccessView {
  #key = byId('key', HTMLInputElement);
  #isRemembered = byId('remember', HTMLInputElement);
  #note = byId('key-note', HTMLElement);
  #welcome = byId('welcome-access', HTMLFormElement);
  #welcomeKey = byId('welcome-key', HTMLInputElement);
  #welcomeNote = byId('welcome-note', HTMLElement);
  /** The key that was tried last. @type {string | null} */
  #tried = null;

  /**
   * @param {Access} access
   * @param {{ submitted: () => Promise<boolean> }} events - tries the key; tells whether it was accepted.
   */
  constructor(access, events) {
    this.access = access;
    this.events = events;
    this.#key.value = access.key;
    this.#isRemembered.checked = access.isRemembered;
    for (const input of [this.#key, this.#isRemembered]) {
      // With each key stroke, not when the field is left: what moves then moves under a click.
      input.addEventListener('input', () => this.#set(this.#key.value));
    }
    this.#key.addEventListener('change', () => void this.#submit());
    this.#key.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      void this.#submit();
    });
    this.#welcome.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#welcomeKey.value.trim() === '') return;
      this.#key.value = this.#welcomeKey.value;
      this.#set(this.#key.value);
      void this.#submit();
    });
    this.#showNote();
  }

  /** Asks for the key on the page's first look. */
  demand() {
    if (this.access.credential === 'session') return;
    const isFirst = this.#welcome.hidden;
    this.#welcome.hidden = false;
    if (isFirst && matchMedia('(pointer: fine)').matches && this.#welcome.checkVisibility()) {
      this.#welcomeKey.focus();
    }
  }

  /** Brings the visitor to the key field of the settings. */
  focus() {
    this.#key.focus();
    this.#key.scrollIntoView({ block: 'center' });
  }

  /** @param {unknown} usage - GET /v1/usage; undefined where there is no budget. */
  showUsage(usage) {
    const tokens = field(usage, 'tokens');
    const limit = Number(field(tokens, 'limit') ?? 0);
    const used = Number(field(tokens, 'used') ?? 0);
    const note = byId('usage', HTMLElement);
    note.hidden = !(limit > 0);
    note.textContent = `Today: ${count(used)} of ${count(limit)} tokens used.`;
  }

  /** @param {string} key */
  #set(key) {
    this.access.setKey(key, this.#isRemembered.checked);
    this.#showNote();
  }

  /** Tries the key, once for each that is entered. */
  async #submit() {
    const { key } = this.access;
    if (key === this.#tried) return;
    this.#tried = key;
    const isAccepted = await this.events.submitted();
    if (key !== this.access.key) return;
    this.#welcome.hidden = isAccepted;
    const words = key === '' ? '' : isAccepted ? 'This key is accepted.' : 'This key was not accepted.';
    this.#welcomeNote.textContent = isAccepted ? '' : words;
    if (words !== '') this.#note.textContent = words;
  }

  #showNote() {
    const { credential, siteKey } = this.access;
    this.#note.textContent =
      credential === 'key'
        ? 'Sent as Bearer to this gateway only.'
        : siteKey === ''
          ? 'Not needed where the gateway is open to all.'
          : 'Not needed: a browser check lets you in.';
  }
}
