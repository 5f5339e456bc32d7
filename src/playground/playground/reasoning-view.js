// The reasoning of a choice: it unfolds while it arrives and folds away when the answer starts,
// unless the visitor has opened, closed or scrolled it.

import { h } from './dom.js';
import { duration } from './stats.js';

/** @import { Answer, Choice } from '../types.ts' */

/** How close to its end the window counts as following the text. */
const NEAR_PIXELS = 24;

export class ReasoningView {
  #text = document.createTextNode('');
  #body = h(
    'div',
    { class: 'reasoning-body', tabindex: 0, role: 'group', 'aria-label': 'Reasoning' },
    this.#text,
  );
  #title = h('span');
  /** Whether the visitor has taken control of it. */
  #isHandled = false;
  root = h('details', { class: 'reasoning', hidden: true }, h('summary', {}, this.#title), this.#body);

  constructor() {
    this.root.querySelector('summary')?.addEventListener('click', () => (this.#isHandled = true));
  }

  /**
   * @param {Answer} answer
   * @param {Choice} choice
   * @param {{ isCut: boolean }} options - the answer ended within its reasoning.
   */
  render(answer, { reasoning, contentAt }, { isCut }) {
    if (reasoning === '') return;
    const { endedAt, firstTokenAt, askedAt } = answer;
    const isLive = contentAt === null && endedAt === null;
    const isFirst = this.root.hidden;
    const body = this.#body;
    const isFollowed = body.scrollHeight - body.scrollTop - body.clientHeight < NEAR_PIXELS;
    // A visitor who scrolls back is reading.
    if (isLive && !isFirst && !isFollowed) this.#isHandled = true;

    this.root.hidden = false;
    body.classList.toggle('live', isLive && !this.#isHandled);
    this.#text.appendData(reasoning.slice(this.#text.length));
    if (isFirst) this.root.open = isLive;
    if (isLive) {
      this.#title.textContent = 'Reasoning';
      if (isFollowed) body.scrollTop = body.scrollHeight;
    } else {
      const until = contentAt ?? endedAt ?? askedAt;
      const took = answer.request.stream ? ` for ${duration(until - (firstTokenAt ?? askedAt))}` : '';
      this.#title.textContent = `Reasoned${took}`;
      // The cut is shown where it is: at the end of an open reasoning.
      if (!this.#isHandled) this.root.open = isCut;
      this.#isHandled = true;
    }
    this.root.classList.toggle('busy', isLive);
  }
}
