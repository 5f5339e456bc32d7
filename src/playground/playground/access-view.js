// The fields for the client key: one in the settings, and one on the first screen if the gateway
// requires a key. Enter tries the key in both.

import { byId } from './dom.js';
import { field } from './json.js';
import { count } from './stats.js';

/**
 * @import { Access } from './access.js'
 * @import { KeyCheck } from '../types.ts'
 */

/** @type {Readonly<Record<KeyCheck, string>>} */
const CHECK_NOTES = {
  accepted: 'This key is accepted.',
  refused: 'This key was not accepted.',
  ignored: 'The gateway does not know this key. It answers without one.',
  unknown: 'The gateway could not check this key. Press Enter to try again.',
};

export class AccessView {
  #key = byId('key', HTMLInputElement);
  #isRemembered = byId('remember', HTMLInputElement);
  #note = byId('key-note', HTMLElement);
  #welcome = byId('welcome-access', HTMLFormElement);
  #welcomeKey = byId('welcome-key', HTMLInputElement);
  #welcomeNote = byId('welcome-note', HTMLElement);
  /** The key whose check is under way. @type {string | null} */
  #checking = null;
  /** The key that was checked last. @type {string | null} */
  #checked = null;

  /**
   * @param {Access} access
   * @param {{ submitted: () => Promise<KeyCheck> }} events - `submitted` checks the key.
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
    this.#key.addEventListener('change', () => {
      // The field also changes after Enter, when it loses the focus: one check is enough.
      if (this.access.key !== this.#checked) void this.#submit();
    });
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

  /** Checks the key, and shows the result. Enter repeats a check, since its result can change. */
  async #submit() {
    const { key } = this.access;
    if (key === this.#checking) return;
    this.#checking = key;
    this.#checked = key;
    const check = await this.events.submitted();
    if (this.#checking === key) this.#checking = null;
    if (key !== this.access.key) return;
    const isLetIn = check === 'accepted' || check === 'ignored';
    this.#welcome.hidden = isLetIn;
    const note = key === '' ? '' : CHECK_NOTES[check];
    this.#welcomeNote.textContent = isLetIn ? '' : note;
    if (note === '') return;
    this.#note.textContent = note;
    // The field can be the last line in view.
    if (document.activeElement === this.#key) this.#note.scrollIntoView({ block: 'nearest' });
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
