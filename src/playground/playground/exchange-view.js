// A question and its answer on the page: the reasoning unfolds while it comes and
// folds away when the answer starts; figures and buttons stand below.

import { action, copyAction, h } from './dom.js';
import { failureCard } from './failure-view.js';
import { MarkdownView } from './render.js';
import { duration, figures } from './stats.js';

/** @import { Answer, Exchange, Explanation, Failure, Remedy } from '../types.ts' */

/**
 * @typedef {object} Actions what the visitor may do with an exchange
 * @property {() => void} edit
 * @property {() => void} regenerate
 * @property {() => void} showCode
 * @property {(remedy: Remedy) => void} remedy
 * @property {(failure: Failure) => Explanation} explain
 */

/** @type {Partial<Record<Answer['phase'], string>>} */
const ENDINGS = { stopped: 'Stopped', incomplete: 'Incomplete' };

/** How close to its end the reasoning's window counts as followed. */
const NEAR_PIXELS = 24;

export class ExchangeView {
  #reasoningText = document.createTextNode('');
  #reasoningBody = h('div', { class: 'reasoning-body', tabindex: 0 }, this.#reasoningText);
  #reasoningTitle = h('span');
  #reasoning = h(
    'details',
    { class: 'reasoning', hidden: true },
    h('summary', {}, this.#reasoningTitle),
    this.#reasoningBody,
  );
  #waiting = h('p', { class: 'waiting' }, 'Waiting for the first token');
  #prose = h('div', { class: 'prose' });
  #markdown = new MarkdownView(this.#prose);
  #ending = h('p', { class: 'ending' });
  #failure = h('div');
  #figures = h('dl', { class: 'figures' });
  #actions = h('div', { class: 'actions' });
  /** Whether the visitor has taken the reasoning into own hands. */
  #isHandled = false;
  /** @type {Failure | null} */
  #shownFailure = null;
  #isQueued = false;

  /**
   * @param {Exchange} exchange
   * @param {Actions} actions
   */
  constructor(exchange, actions) {
    this.exchange = exchange;
    this.actions = actions;
    const { answer } = exchange;
    const effort = answer.request.reasoning_effort;
    this.#reasoning.querySelector('summary')?.addEventListener('click', () => (this.#isHandled = true));
    this.#actions.append(
      copyAction(() => answer.content),
      action('Regenerate', 'again', actions.regenerate),
      action('Code', 'code', actions.showCode),
    );
    this.root = h(
      'section',
      { class: 'exchange' },
      this.#question(),
      h(
        'article',
        { class: 'answer' },
        h(
          'h2',
          { class: 'who' },
          answer.request.model,
          effort === undefined ? '' : h('span', {}, `${effort} effort`),
        ),
        this.#reasoning,
        this.#waiting,
        this.#prose,
        this.#ending,
        this.#failure,
        this.#figures,
        this.#actions,
      ),
    );
    this.render();
  }

  #question() {
    const { text, images } = this.exchange.question;
    return h(
      'article',
      { class: 'question' },
      h('h2', { class: 'sr' }, 'You'),
      h(
        'div',
        { class: 'bubble' },
        ...images.map(({ url, name }) => h('img', { src: url, alt: name, class: 'sent-image' })),
        text === '' ? '' : h('p', {}, text),
      ),
      h('div', { class: 'actions' }, action('Edit', 'edit', this.actions.edit)),
    );
  }

  /** @returns {string} the answer as it reads. */
  get text() {
    return this.#prose.textContent;
  }

  /** Shows the answer as it is, once a frame however many tokens came. */
  update() {
    if (this.exchange.answer.endedAt !== null) {
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
    const { answer } = this.exchange;
    const hasEnded = answer.endedAt !== null;
    this.root.setAttribute('aria-busy', String(!hasEnded));
    this.#waiting.hidden = answer.phase !== 'waiting' || hasEnded;
    this.#renderReasoning(answer);
    if (answer.content !== '') this.#markdown.update(answer.content);
    this.#ending.textContent = ENDINGS[answer.phase] ?? '';
    this.#renderFailure(answer.failure);
    // Of nothing there is nothing to measure, to copy or to ask for differently.
    const hasFailed = answer.phase === 'failed';
    this.#figures.hidden = hasFailed;
    this.#actions.hidden = hasFailed;
    this.#figures.replaceChildren(
      ...figures(answer).map(({ label, value, title }) =>
        h('div', { title }, h('dt', {}, label), h('dd', {}, value)),
      ),
    );
    // Their place is kept, so that nothing moves when they come.
    this.#actions.classList.toggle('unready', !hasEnded);
  }

  /** @param {Answer} answer */
  #renderReasoning(answer) {
    if (answer.reasoning === '') return;
    const { phase, contentAt, endedAt, firstTokenAt, askedAt } = answer;
    const isLive = phase === 'reasoning' && endedAt === null;
    const isFirst = this.#reasoning.hidden;
    const body = this.#reasoningBody;
    const isFollowed = body.scrollHeight - body.scrollTop - body.clientHeight < NEAR_PIXELS;
    // Whoever scrolls back in it is reading it.
    if (isLive && !isFirst && !isFollowed) this.#isHandled = true;

    this.#reasoning.hidden = false;
    body.classList.toggle('live', isLive && !this.#isHandled);
    this.#reasoningText.appendData(answer.reasoning.slice(this.#reasoningText.length));
    if (isFirst) this.#reasoning.open = isLive;
    if (isLive) {
      this.#reasoningTitle.textContent = 'Reasoning';
      if (isFollowed) body.scrollTop = body.scrollHeight;
    } else {
      const until = contentAt ?? endedAt ?? askedAt;
      const took = answer.request.stream ? ` for ${duration(until - (firstTokenAt ?? askedAt))}` : '';
      this.#reasoningTitle.textContent = `Reasoned${took}`;
      if (!this.#isHandled) this.#reasoning.open = false;
      this.#isHandled = true;
    }
    this.#reasoning.classList.toggle('busy', isLive);
  }

  /** @param {Failure | null} failure */
  #renderFailure(failure) {
    if (failure === null || failure === this.#shownFailure) return;
    this.#shownFailure = failure;
    this.#failure.replaceChildren(failureCard(failure, this.actions.explain(failure), this.actions.remedy));
  }
}
