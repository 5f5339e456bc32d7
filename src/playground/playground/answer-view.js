// One answer on the page: the model, its choices, how it ended, figures and buttons.

import { action, copyAction, h } from './dom.js';
import { ChoiceView } from './choice-view.js';
import { failureCard } from './failure-view.js';
import { figures } from './stats.js';

/** @import { Answer, Explanation, Failure, Remedy, ToolResult } from '../types.ts' */

/**
 * @typedef {object} AnswerActions what the visitor may do with an answer
 * @property {() => void} regenerate
 * @property {() => void} showCode
 * @property {() => void} showRaw
 * @property {() => void} continueAnswer
 * @property {(results: readonly ToolResult[]) => void} sendResults
 * @property {(remedy: Remedy) => void} remedy
 * @property {(failure: Failure) => Explanation} explain
 */

const WAITING = 'Waiting for the first token';

export class AnswerView {
  #waiting = h('p', { class: 'waiting' }, WAITING);
  /** Counts the seconds of the wait; before the headers nobody can say what it is for. */
  #clock = setInterval(() => this.#showWait(), 1_000);
  #choices = h('div', { class: 'choices' });
  /** @type {ChoiceView[]} */
  #views = [];
  #stopped = h('p', { class: 'stopped', hidden: true }, 'Stopped');
  #failure = h('div');
  #figures = h('dl', { class: 'figures' });
  #actions = h('div', { class: 'actions' });
  /** @type {Failure | null} */
  #shownFailure = null;
  #isQueued = false;
  #raw;
  root;

  /**
   * @param {Answer} answer
   * @param {AnswerActions} actions
   */
  constructor(answer, actions) {
    this.answer = answer;
    this.actions = actions;
    const effort = answer.request.reasoning_effort;
    this.#raw = action('Raw', 'raw', actions.showRaw);
    this.#actions.append(
      copyAction(() => answer.choices.map(({ content }) => content).join('\n\n')),
      action('Regenerate', 'again', actions.regenerate),
      action('Code', 'code', actions.showCode),
      this.#raw,
    );
    this.root = h(
      'article',
      { class: 'answer' },
      h(
        'h2',
        { class: 'who' },
        answer.request.model,
        effort === undefined ? '' : h('span', {}, `${effort} effort`),
      ),
      this.#waiting,
      this.#choices,
      this.#stopped,
      this.#failure,
      this.#figures,
      this.#actions,
    );
    this.render();
  }

  /** @returns {string} the first choice as it reads. */
  get text() {
    return this.#views[0]?.text ?? '';
  }

  /** Shows the answer as it is, once in a frame however many tokens came. */
  update() {
    if (this.answer.endedAt !== null) {
      this.render();
    } else if (!this.#isQueued) {
      this.#isQueued = true;
      requestAnimationFrame(() => {
        this.#isQueued = false;
        this.render();
      });
    }
  }

  render() {
    const { answer } = this;
    const hasEnded = answer.endedAt !== null;
    this.root.setAttribute('aria-busy', String(!hasEnded));
    this.#waiting.hidden = answer.phase !== 'waiting' || hasEnded;
    if (this.#waiting.hidden) clearInterval(this.#clock);
    this.#renderChoices();
    this.#stopped.hidden = answer.phase !== 'stopped';
    this.#renderFailure(answer.failure);
    const hasFailed = answer.phase === 'failed';
    this.#figures.hidden = hasFailed;
    this.#figures.replaceChildren(
      ...figures(answer).map(({ label, value, title }) =>
        h('div', { title }, h('dt', {}, label), h('dd', {}, value)),
      ),
    );
    // Their place is reserved, so that nothing moves when they appear.
    this.#actions.classList.toggle('unready', !hasEnded);
    // A failure has its own button, and there is nothing to copy: only the raw exchange is useful.
    for (const button of this.#actions.children) {
      if (button instanceof HTMLElement) button.hidden = hasFailed && button !== this.#raw;
    }
  }

  #showWait() {
    const seconds = Math.floor((performance.now() - this.answer.askedAt) / 1_000);
    this.#waiting.textContent = `${WAITING}, ${seconds} s`;
  }

  #renderChoices() {
    const { choices, request } = this.answer;
    const isOne = (request.n ?? 1) === 1 && choices.length === 1;
    for (const [at, choice] of choices.entries()) {
      const view = this.#views[at];
      if (view !== undefined) {
        view.render();
        continue;
      }
      const added = new ChoiceView(this.answer, choice, this.actions, isOne ? '' : `Choice ${at + 1}`);
      this.#views.push(added);
      this.#choices.append(added.root);
      added.render();
    }
  }

  /** @param {Failure | null} failure */
  #renderFailure(failure) {
    if (failure === null || failure === this.#shownFailure) return;
    this.#shownFailure = failure;
    this.#failure.replaceChildren(failureCard(failure, this.actions.explain(failure), this.actions.remedy));
  }
}
