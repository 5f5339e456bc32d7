// The conversation on the page: its exchanges, and the requests for their answers.

import { announcementOf } from './announcement.js';
import { buildRequest, createAnswer, emptyQuestion } from './conversation.js';
import { announce, byId } from './dom.js';
import { createExchangeView } from './exchange-view.js';
import { runAnswer } from './run.js';
import { header } from './trace.js';

/**
 * @import { Access } from './access.js'
 * @import { Composer } from './composer.js'
 * @import { ExchangeView } from './exchange-view.js'
 * @import { History } from './history.js'
 * @import { SettingsView } from './settings-view.js'
 * @import { Answer, ChatRequest, Exchange, Explanation, Failure, Question, Remedy, StoredConversation } from '../types.ts'
 */

/**
 * @typedef {object} Parts
 * @property {Access} access
 * @property {SettingsView} settings
 * @property {Composer} composer
 * @property {{ toEnd: () => void }} scroll
 * @property {History} history - stores the conversation after each answer.
 */

/**
 * @typedef {object} Events
 * @property {(request: ChatRequest) => void} showCode
 * @property {(answer: Answer) => void} showRaw
 * @property {() => void} enterKey - brings the visitor to the key field.
 * @property {() => void} budgetUsed - an answer was counted against a token budget.
 * @property {(failure: Failure) => Explanation} explain
 */

const CONTINUE = 'Continue exactly where you stopped.';

export class ConversationView {
  /** @type {string} */
  #id = crypto.randomUUID();
  /** @type {ExchangeView[]} */
  #views = [];
  /** @type {AbortController | null} */
  #running = null;

  /**
   * @param {Parts} parts
   * @param {Events} events
   */
  constructor(parts, events) {
    this.parts = parts;
    this.events = events;
  }

  /** @returns {readonly Exchange[]} */
  get exchanges() {
    return this.#views.map(({ exchange }) => exchange);
  }

  /**
   * @param {Question} question
   * @param {number | null} replaces - the position of the exchange that it replaces, with all after it.
   * @param {{ refresh?: boolean, columns?: readonly number[] }} [options] - `columns`: of two models, those that
   *   are asked; all if it is left out.
   */
  ask(question, replaces, { refresh = false, columns } = {}) {
    const { composer, settings, scroll } = this.parts;
    const problem = settings.problem;
    composer.say(problem);
    if (problem !== '') return;
    this.stop();
    this.#truncate(replaces ?? this.#views.length);
    const answers = settings.columns.flatMap((model, column) => {
      if (columns?.includes(column) === false) return [];
      const request = buildRequest(this.exchanges, question, settings.settings, model, column);
      return [createAnswer(request, performance.now(), column)];
    });
    const view = this.#show({ question, answers });
    scroll.toEnd();
    void this.#run(view, refresh);
  }

  stop() {
    this.#running?.abort(new DOMException('Stopped by the visitor.', 'AbortError'));
  }

  /** Begins a new conversation. */
  startAnew() {
    this.stop();
    this.#truncate(0);
    this.#id = crypto.randomUUID();
    byId('welcome', HTMLElement).hidden = false;
    this.parts.composer.clear();
  }

  /** @param {StoredConversation} conversation */
  open({ id, exchanges }) {
    this.startAnew();
    this.#id = id;
    for (const exchange of exchanges) this.#show(exchange);
    this.parts.composer.clear();
    this.parts.scroll.toEnd();
  }

  /** @param {number} [position] - of the exchange to edit; the last one if it is left out. */
  edit(position = this.#views.length - 1) {
    // Tool results can't be edited: the composer gets the question before them.
    const at = this.#views.findLastIndex(
      ({ exchange }, index) => index <= position && exchange.question.results.length === 0,
    );
    const view = this.#views[at];
    if (view === undefined) return;
    this.stop();
    this.parts.composer.edit(view.exchange.question, at);
  }

  /** @returns {boolean} whether the last question was refused for its credential, and was asked again. */
  retryRefused() {
    const last = this.#views.at(-1)?.exchange.answers[0];
    const isRefused = last?.phase === 'failed' && last.failure?.details.status === 401;
    if (isRefused) this.#askAgain(this.#views.length - 1, false);
    return isRefused;
  }

  /** @returns {ChatRequest} the request for the composer's question; with nothing written, the last one. */
  nextRequest() {
    const { composer, settings } = this.parts;
    const { question } = composer;
    const last = this.#views.at(-1)?.exchange;
    const isWritten = question.text !== '' || question.attachments.length > 0;
    if (!isWritten && last?.answers[0] !== undefined) return last.answers[0].request;
    const past = isWritten ? this.exchanges.slice(0, composer.replaces ?? undefined) : [];
    const asked = isWritten ? question : { ...emptyQuestion(), text: 'Hello!' };
    return buildRequest(past, asked, settings.settings, settings.model);
  }

  /**
   * @param {Exchange} exchange
   * @returns {ExchangeView} at the end of the conversation.
   */
  #show(exchange) {
    const position = this.#views.length;
    const view = createExchangeView(exchange, {
      edit: () => this.edit(position),
      ofAnswer: (answer) => ({
        regenerate: () => this.#askAgain(position, true),
        showCode: () => this.events.showCode(answer.request),
        showRaw: () => this.events.showRaw(answer),
        continueAnswer: () => this.#continue(answer, position),
        sendResults: (results) => {
          this.ask({ ...emptyQuestion(), results }, position + 1, { columns: [answer.column] });
          this.parts.composer.focus();
        },
        remedy: (remedy) => this.#remedies[remedy](position),
        explain: this.events.explain,
      }),
    });
    this.#views.push(view);
    this.parts.composer.hasHistory = true;
    byId('welcome', HTMLElement).hidden = true;
    byId('exchanges', HTMLElement).append(view.root);
    return view;
  }

  /** @type {Readonly<Record<Remedy, (position: number) => void>>} */
  #remedies = {
    retry: (position) => this.#askAgain(position, false),
    key: () => this.events.enterKey(),
    settings: () => this.parts.settings.askForModel(),
    new: () => this.startAnew(),
    edit: (position) => this.edit(position),
  };

  /**
   * @param {ExchangeView} view
   * @param {boolean} refresh
   */
  async #run(view, refresh) {
    const { access, composer, history } = this.parts;
    const controller = new AbortController();
    this.#running = controller;
    composer.setBusy(true);
    announce('Asked.');
    await Promise.all(
      view.answers.map((answerView, at) => {
        const { answer } = answerView;
        let phase = answer.phase;
        return runAnswer(answer, {
          access,
          signal: controller.signal,
          refresh,
          changed: () => {
            answerView.update();
            if (answer.phase === phase) return;
            phase = answer.phase;
            if (at === 0) announce(announcementOf(phase, answerView.text));
          },
        });
      }),
    );
    if (view.root.isConnected) history.save(this.#id, this.exchanges);
    if (view.answers.some(({ answer }) => header(answer.trace, 'x-ratelimit-limit-tokens') !== null)) {
      this.events.budgetUsed();
    }
    if (this.#running !== controller) return;
    this.#running = null;
    composer.setBusy(false);
  }

  /** @param {number} length - how many exchanges stay. */
  #truncate(length) {
    for (const view of this.#views.splice(length)) view.root.remove();
    this.parts.composer.hasHistory = this.#views.length > 0;
  }

  /**
   * @param {number} position
   * @param {boolean} refresh
   */
  #askAgain(position, refresh) {
    const view = this.#views[position];
    if (view === undefined) return;
    const { question, answers } = view.exchange;
    const columns = question.results.length === 0 ? {} : { columns: answers.map(({ column }) => column) };
    this.ask(question, position, { refresh, ...columns });
    this.parts.composer.focus();
  }

  /**
   * Raises the limit that cut an answer, and asks for the rest of it; for all of it if the limit
   * left only reasoning.
   * @param {Answer} answer
   * @param {number} position
   */
  #continue({ request, choices }, position) {
    const { settings } = this.parts;
    if (request.max_tokens !== undefined) settings.change({ maxTokens: request.max_tokens * 2 });
    if (choices.every(({ content }) => content === '')) this.#askAgain(position, true);
    else this.ask({ ...emptyQuestion(), text: CONTINUE }, position + 1);
  }
}
