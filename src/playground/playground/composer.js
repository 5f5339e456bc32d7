// The form for a question: its text, its attachments and its keyboard shortcuts.

import { AttachmentTray } from './attachment-tray.js';
import { byId } from './dom.js';

/** @import { Attachment, Question } from '../types.ts' */

/**
 * @typedef {object} Events
 * @property {(question: Question, replaces: number | null) => void} send - `replaces`: the position
 *   of the exchange that is edited.
 * @property {() => void} stop
 * @property {() => void} editLast
 * @property {() => void} attachmentsChanged
 * @property {() => string} problem - why nothing can be sent; '' where nothing is wrong.
 */

export class Composer {
  #prompt = byId('prompt', HTMLTextAreaElement);
  #note = byId('composer-note', HTMLElement);
  #editing = byId('editing', HTMLElement);
  #isBusy = false;
  /** Whether ArrowUp has a question to edit. */
  hasHistory = false;
  /** The position of the exchange that is edited. @type {number | null} */
  replaces = null;

  /** @param {Events} events */
  constructor(events) {
    this.events = events;
    this.tray = new AttachmentTray({
      changed: (problem) => {
        events.attachmentsChanged();
        if (problem !== '') this.say(problem);
        this.focus();
      },
    });
    const form = byId('composer', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#isBusy) events.stop();
      else this.#send();
    });
    // The second click of a double click on Send would stop at once.
    byId('send', HTMLButtonElement).addEventListener('click', (event) => {
      if (event.detail > 1) event.preventDefault();
    });
    this.#prompt.addEventListener('keydown', (event) => this.#onKey(event));
    this.#prompt.addEventListener('input', () => this.#fit());
    byId('editing-cancel', HTMLButtonElement).addEventListener('click', () => this.clear());
    this.#showHint();
  }

  /** @returns {Question} what is written now. */
  get question() {
    return { text: this.#prompt.value.trim(), attachments: this.tray.attachments, results: [] };
  }

  /** Puts the cursor here; but a touch keyboard that opens by itself hides half of the page. */
  focus() {
    if (matchMedia('(pointer: fine)').matches) this.#prompt.focus();
    else this.#prompt.blur();
  }

  /** Empty, ready for the next question. */
  clear() {
    this.#show('', [], null);
    this.focus();
  }

  /** @param {string} text - a draft. */
  fill(text) {
    this.#show(text, [], null);
    this.focus();
  }

  /**
   * @param {Question} question
   * @param {number} position - of the exchange that is edited.
   */
  edit({ text, attachments }, position) {
    this.#show(text, attachments, position);
    this.#prompt.focus();
    this.#prompt.setSelectionRange(text.length, text.length);
  }

  /** @param {boolean} isBusy - an answer is under way: the button stops it. */
  setBusy(isBusy) {
    this.#isBusy = isBusy;
    byId('send-label', HTMLElement).textContent = isBusy ? 'Stop' : 'Send';
    byId('send-icon', SVGElement).setAttribute('href', isBusy ? '#icon-stop' : '#icon-send');
    byId('send', HTMLButtonElement).classList.toggle('stops', isBusy);
    this.#showHint();
  }

  /** @param {string} words - what keeps the question from being sent; '' for nothing. */
  say(words) {
    this.#note.textContent = words;
  }

  /**
   * @param {string} text
   * @param {readonly Attachment[]} attachments
   * @param {number | null} replaces
   */
  #show(text, attachments, replaces) {
    this.#prompt.value = text;
    this.tray.set(attachments);
    this.replaces = replaces;
    this.#editing.hidden = replaces === null;
    this.#fit();
    this.say('');
  }

  #send() {
    const { question } = this;
    if (question.text === '' && question.attachments.length === 0) return;
    const problem = this.events.problem();
    this.say(problem);
    if (problem !== '') return;
    const replaces = this.replaces;
    this.clear();
    this.events.send(question, replaces);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    // While an input method composes (Chinese, Japanese), Enter picks a word.
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (!this.#isBusy) this.#send();
    } else if (event.key === 'ArrowUp' && this.#prompt.value === '' && !this.#isBusy) {
      event.preventDefault();
      this.events.editLast();
    } else if (event.key === 'Escape' && this.replaces !== null) {
      event.stopPropagation();
      this.clear();
    }
  }

  #fit() {
    this.#showHint();
    // Where `field-sizing: content` isn't known yet.
    if (CSS.supports('field-sizing', 'content')) return;
    this.#prompt.style.height = 'auto';
    this.#prompt.style.height = `${this.#prompt.scrollHeight}px`;
  }

  /** The keys that do something now; the stylesheet shows them where there is a keyboard. */
  #showHint() {
    const hint = this.#isBusy
      ? 'busy'
      : this.#prompt.value !== ''
        ? 'written'
        : this.hasHistory
          ? 'empty'
          : 'none';
    byId('hint', HTMLElement).dataset['keys'] = hint;
  }
}
