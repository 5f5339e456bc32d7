// One choice of an answer: reasoning, text, tool calls, and where it was cut.

import { action, h } from './dom.js';
import { loadMarkdown, MarkdownView } from './render.js';
import { ReasoningView } from './reasoning-view.js';
import { header } from './trace.js';

/** @import { Answer, Choice, ToolResult } from '../types.ts' */

/**
 * @typedef {object} ChoiceActions
 * @property {() => void} continueAnswer - raises the limit and goes on.
 * @property {(results: readonly ToolResult[]) => void} sendResults
 */

/** After a frame, this many times its cost is left to the page: typing and scrolling stay smooth. */
const REST_FACTOR = 2;

export class ChoiceView {
  #reasoning = new ReasoningView();
  #prose = h('div', { class: 'prose' });
  #markdown = new MarkdownView(this.#prose);
  #calls = h('div', { class: 'calls', hidden: true });
  #cut = h('div', { class: 'cut', hidden: true });
  /** The choice has its final form. */
  #isFinal = false;
  #restUntil = 0;
  root;

  /**
   * @param {Answer} answer
   * @param {Choice} choice
   * @param {ChoiceActions} actions
   * @param {string} title - '' for the only choice.
   */
  constructor(answer, choice, actions, title) {
    this.answer = answer;
    this.choice = choice;
    this.actions = actions;
    this.root = h(
      'div',
      { class: 'choice' },
      title === '' ? '' : h('h3', { class: 'choice-title' }, title),
      this.#reasoning.root,
      this.#prose,
      this.#calls,
      this.#cut,
    );
    // Shown as plain text until the parser is here.
    loadMarkdown().then(
      () => this.render(true),
      () => {},
    );
  }

  /** @returns {string} the text as it reads. */
  get text() {
    return this.#prose.textContent;
  }

  /** @param {boolean} [isForced] - although the choice is final. */
  render(isForced = false) {
    const { answer, choice } = this;
    const hasEnded = answer.endedAt !== null;
    if (this.#isFinal && !isForced) return;
    const isCut = hasEnded && cutWords(answer, choice) !== null;
    this.#reasoning.render(answer, choice, { isCut: isCut && choice.content === '' });
    const now = performance.now();
    if (choice.content !== '' && (hasEnded || now >= this.#restUntil)) {
      this.#markdown.update(choice.content, hasEnded);
      this.#restUntil = performance.now() + (performance.now() - now) * REST_FACTOR;
    }
    if (choice.toolCalls.length > 0) void this.#renderCalls(hasEnded);
    if (hasEnded) this.#renderCut();
    this.#isFinal = hasEnded;
  }

  /** @param {boolean} hasEnded */
  async #renderCalls(hasEnded) {
    const { showCalls } = await import('./tool-calls-view.js');
    showCalls(this.#calls, this.choice.toolCalls, hasEnded ? this.actions.sendResults : null);
  }

  #renderCut() {
    const words = cutWords(this.answer, this.choice);
    this.#cut.hidden = words === null;
    if (words === null) return;
    const { finishReason, content } = this.choice;
    const isRaisable = this.answer.request.max_tokens !== undefined;
    const next = content === '' ? 'ask again' : 'continue';
    const label = isRaisable ? `Raise the limit and ${next}` : next.charAt(0).toUpperCase() + next.slice(1);
    this.#cut.replaceChildren(
      h('p', {}, words),
      finishReason === 'length' ? action(label, 'again', this.actions.continueAnswer) : '',
    );
  }
}

/**
 * @param {Answer} answer
 * @param {Choice} choice
 * @returns {string | null} why the text ends before its end; null where it does not.
 */
export function cutWords({ request, trace }, { finishReason, content }) {
  if (finishReason === 'content_filter') return 'Cut by the content filter.';
  if (finishReason !== 'length') return null;
  const where = content === '' ? ', within the reasoning' : '';
  const lowered = /\bmax_tokens=(\d+)/.exec(header(trace, 'x-adjusted-params') ?? '')?.[1];
  if (lowered !== undefined) return `Stopped at ${lowered} tokens${where}: the gateway allows no more.`;
  if (request.max_tokens === undefined) return `Stopped at the model’s token limit${where}.`;
  return `Stopped at max tokens (${request.max_tokens})${where}.`;
}
