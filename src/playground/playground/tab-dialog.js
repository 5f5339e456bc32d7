// A dialog with tabs, each of which holds text that scrolls and can be copied.

import { closeOnBackdrop, copyAction, h, icon, loadStyles } from './dom.js';

/**
 * @typedef {object} Tab
 * @property {string} name
 * @property {() => string} text - what Copy copies.
 * @property {() => Node | string} [content] - what is shown; the text, where it is left out.
 */

export class TabDialog {
  #panel;
  #note = h('p', { class: 'dialog-note' });
  #tabList;
  /** @type {readonly Tab[]} */
  #tabs = [];
  #selected = 0;
  #dialog;

  /**
   * @param {string} id - unique in the page.
   * @param {string} title
   */
  constructor(id, title) {
    this.id = id;
    this.#tabList = h('div', { class: 'tabs', role: 'tablist', 'aria-label': title });
    // It scrolls, so the keyboard must reach it.
    this.#panel = h('div', { class: 'tab-panel', id: `${id}-panel`, role: 'tabpanel', tabindex: 0 });
    this.#dialog = h(
      'dialog',
      { class: 'tab-dialog', 'aria-labelledby': `${id}-title` },
      h(
        'div',
        { class: 'dialog-head' },
        h('h2', { id: `${id}-title` }, title),
        h(
          'form',
          { method: 'dialog' },
          h('button', { class: 'action' }, icon('close'), h('span', { class: 'sr' }, 'Close')),
        ),
      ),
      h(
        'div',
        { class: 'tab-bar' },
        this.#tabList,
        copyAction(() => this.#tabs[this.#selected]?.text() ?? ''),
      ),
      this.#panel,
      this.#note,
    );
    closeOnBackdrop(this.#dialog);
    document.body.append(this.#dialog);
  }

  /**
   * @param {readonly Tab[]} tabs
   * @param {string} note
   */
  async open(tabs, note) {
    await loadStyles('/playground/tab-dialog.css');
    this.#tabs = tabs;
    this.#note.textContent = note;
    this.#tabList.replaceChildren(...tabs.map((tab, at) => this.#tabButton(tab, at)));
    this.#select(Math.min(this.#selected, tabs.length - 1));
    this.#dialog.showModal();
  }

  /**
   * @param {Tab} tab
   * @param {number} at
   */
  #tabButton({ name }, at) {
    return h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `${this.id}-tab-${at}`,
        'aria-controls': `${this.id}-panel`,
        click: () => this.#select(at),
        keydown: (event) => event instanceof KeyboardEvent && this.#onKey(event),
      },
      name,
    );
  }

  /** @param {number} at */
  #select(at) {
    this.#selected = at;
    for (const [other, tab] of [...this.#tabList.children].entries()) {
      tab.setAttribute('aria-selected', String(other === at));
      if (tab instanceof HTMLElement) tab.tabIndex = other === at ? 0 : -1;
    }
    const tab = this.#tabs[at];
    if (tab === undefined) return;
    this.#panel.setAttribute('aria-labelledby', `${this.id}-tab-${at}`);
    this.#panel.replaceChildren(tab.content?.() ?? h('pre', {}, h('code', {}, tab.text())));
    this.#panel.scrollTo(0, 0);
  }

  /** @param {KeyboardEvent} event - tabs move by arrows (WAI-ARIA's pattern). */
  #onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#select((this.#selected + step + this.#tabs.length) % this.#tabs.length);
    const tab = this.#tabList.children[this.#selected];
    if (tab instanceof HTMLElement) tab.focus();
  }
}
