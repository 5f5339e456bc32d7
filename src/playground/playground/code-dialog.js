// The request as code, in a dialog with a tab for each language.

import { closeOnBackdrop, copyAction, h, icon } from './dom.js';
import { curlSnippet, javaScriptSnippet, pythonSnippet, withoutBase64 } from './snippets.js';

/** @import { ChatRequest, Target } from '../types.ts' */

const LANGUAGES = [
  { name: 'curl', write: curlSnippet },
  { name: 'JavaScript', write: javaScriptSnippet },
  { name: 'Python', write: pythonSnippet },
];

/** @type {Promise<CodeDialog> | null} */
let dialog = null;

/**
 * @param {ChatRequest} request
 * @param {Target} target
 */
export async function openCode(request, target) {
  dialog ??= loadStyles().then(() => new CodeDialog());
  (await dialog).open(request, target);
}

/** @returns {Promise<void>} when they apply, or can't be had: code without colours is still code. */
function loadStyles() {
  return new Promise((resolve) => {
    const done = () => resolve();
    const href = '/playground/code-dialog.css';
    document.head.append(h('link', { rel: 'stylesheet', href, load: done, error: done }));
  });
}

class CodeDialog {
  #code = h('code');
  // It scrolls, so the keyboard must be able to reach it.
  #text = h('pre', { class: 'code-text', id: 'code-text', role: 'tabpanel', tabindex: 0 }, this.#code);
  #note = h('p', { class: 'setting-note' });
  #tabs = LANGUAGES.map(({ name }, at) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `code-tab-${at}`,
        'aria-controls': 'code-text',
        click: () => this.#select(at),
      },
      name,
    ),
  );
  #selected = 0;
  #snippet = '';
  /** @type {{ request: ChatRequest, target: Target } | null} */
  #shown = null;

  #dialog = h(
    'dialog',
    { class: 'code-dialog', 'aria-labelledby': 'code-title' },
    h(
      'div',
      { class: 'dialog-head' },
      h('h2', { id: 'code-title' }, 'This request as code'),
      h(
        'form',
        { method: 'dialog' },
        h('button', { class: 'action' }, icon('close'), h('span', { class: 'sr' }, 'Close')),
      ),
    ),
    h(
      'div',
      { class: 'code-bar' },
      h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Language' }, ...this.#tabs),
      copyAction(() => this.#snippet),
    ),
    this.#text,
    this.#note,
  );

  constructor() {
    for (const tab of this.#tabs) tab.addEventListener('keydown', (event) => this.#onKey(event));
    closeOnBackdrop(this.#dialog);
    document.body.append(this.#dialog);
  }

  /**
   * @param {ChatRequest} request
   * @param {Target} target
   */
  open(request, target) {
    this.#shown = { request, target };
    this.#note.textContent = target.needsKey
      ? 'Put your client key into the environment as GATEWAY_KEY. The one typed in here is never part of the code.'
      : 'This gateway answers without a key.';
    this.#select(this.#selected);
    this.#dialog.showModal();
  }

  /** @param {number} at */
  #select(at) {
    this.#selected = at;
    for (const [other, tab] of this.#tabs.entries()) {
      tab.setAttribute('aria-selected', String(other === at));
      tab.tabIndex = other === at ? 0 : -1;
    }
    const language = LANGUAGES[at];
    if (language === undefined || this.#shown === null) return;
    this.#snippet = language.write(this.#shown.request, this.#shown.target);
    this.#text.setAttribute('aria-labelledby', `code-tab-${at}`);
    this.#code.textContent = withoutBase64(this.#snippet);
    this.#text.scrollTo(0, 0);
  }

  /** @param {KeyboardEvent} event - tabs move by arrows (WAI-ARIA's pattern). */
  #onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#select((this.#selected + step + LANGUAGES.length) % LANGUAGES.length);
    this.#tabs[this.#selected]?.focus();
  }
}
