// The request as code, in a dialog with a tab for each language.

import { byId, closeOnBackdrop, copyAction, h } from './dom.js';
import { curlSnippet, javaScriptSnippet, pythonSnippet, withoutBase64 } from './snippets.js';

/**
 * @import { ChatRequest } from './conversation.js'
 * @import { Target } from './snippets.js'
 */

const LANGUAGES = [
  { name: 'curl', write: curlSnippet },
  { name: 'JavaScript', write: javaScriptSnippet },
  { name: 'Python', write: pythonSnippet },
];

/** @type {CodeDialog | null} */
let dialog = null;

/**
 * @param {ChatRequest} request
 * @param {Target} target
 */
export function openCode(request, target) {
  dialog ??= new CodeDialog();
  dialog.open(request, target);
}

class CodeDialog {
  #dialog = byId('code', HTMLDialogElement);
  #text = byId('code-text', HTMLElement);
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

  constructor() {
    const list = byId('code-tabs', HTMLElement);
    list.append(...this.#tabs);
    list.addEventListener('keydown', (event) => this.#onKey(event));
    byId('code-copy', HTMLElement).append(copyAction(() => this.#snippet));
    closeOnBackdrop(this.#dialog);
  }

  /**
   * @param {ChatRequest} request
   * @param {Target} target
   */
  open(request, target) {
    this.#shown = { request, target };
    byId('code-note', HTMLElement).textContent = target.needsKey
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
    this.#text.firstElementChild?.replaceChildren(withoutBase64(this.#snippet));
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
