// The playground: conversations with StepFun through this gateway. Here the parts meet; each of them
// is a file of its own.

import { Access } from './access.js';
import { AccessView } from './access-view.js';
import { fetchDocument, NEVER } from './api.js';
import { Composer } from './composer.js';
import { buildRequest, createAnswer, emptyQuestion } from './conversation.js';
import { createConversationMenu } from './conversation-menu.js';
import { announce, byId } from './dom.js';
import { createExchangeView } from './exchange-view.js';
import { explain, Failure } from './failure.js';
import { History } from './history.js';
import { closeMenus } from './menu.js';
import { isSimulated, KNOWN_MODELS, parseModels } from './models.js';
import { runAnswer } from './run.js';
import { followEnd } from './scroll.js';
import { SettingsView } from './settings-view.js';
import { showSetup } from './setup-view.js';
import { parseShared, shareLink } from './share.js';
import { header } from './trace.js';

/**
 * @import { ExchangeView } from './exchange-view.js'
 * @import { Answer, ChatRequest, Exchange, Question, Remedy, StoredConversation } from '../types.ts'
 */

/** A screen reader reads an answer this short out; a longer one is announced only. */
const READ_OUT_CHARS_MAX = 300;

const CONTINUE = 'Continue exactly where you stopped.';

/** A failure is an alert of its own. @type {Partial<Record<Answer['phase'], string>>} */
const SPOKEN = { reasoning: 'Reasoning.', answering: 'Answering.', stopped: 'Stopped.' };

const siteKey = document.querySelector('meta[name="turnstile-site-key"]')?.getAttribute('content') ?? '';
const access = new Access(siteKey);
const accessView = new AccessView(access, { submitted: tryKey });
const settings = new SettingsView(KNOWN_MODELS, { changed: showProblem });
const composer = new Composer({
  send: (question, replaces) => ask(question, replaces),
  stop,
  editLast: () => edit(views.length - 1),
  attachmentsChanged: showProblem,
  problem: () => settings.problem,
});
const scroll = followEnd(
  byId('scroller', HTMLElement),
  byId('column', HTMLElement),
  byId('latest', HTMLButtonElement),
);
const history = new History();

/** @type {string} */
let conversationId = crypto.randomUUID();
/** @type {ExchangeView[]} */
let views = [];
/** @type {AbortController | null} */
let running = null;

start();

function start() {
  closeMenus();
  byId('new', HTMLButtonElement).addEventListener('click', startAnew);
  byId('code-open', HTMLButtonElement).addEventListener('click', () => void showCode(nextRequest()));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) stop();
  });
  for (const starter of byId('starters', HTMLElement).querySelectorAll('button')) {
    starter.addEventListener('click', () => {
      composer.clear();
      ask({ ...emptyQuestion(), text: starter.textContent.replace(/\s+/g, ' ').trim() }, null);
    });
  }
  createConversationMenu({
    history,
    exchanges,
    link: () => shareLink(location.href, settings.settings, composer.question.text || lastText()),
    open: openConversation,
    clear: () => {
      history.clear();
      startAnew();
    },
  });
  const last = history.conversations[0];
  if (last !== undefined) openConversation(last);
  composer.focus();
  openLink();
  void showSetup();
  void listModels();
}

/** Takes the settings and the draft out of a link to this page. */
function openLink() {
  const shared = parseShared(location.hash);
  if (shared === null) return;
  globalThis.history.replaceState(null, '', location.pathname);
  startAnew();
  settings.change(shared.settings);
  composer.fill(shared.prompt);
}

/**
 * @param {Question} question
 * @param {number | null} replaces - the position of the exchange that it replaces, with all after it.
 * @param {{ refresh?: boolean, columns?: readonly number[] }} [options] - `columns`: of two models, those that
 *   are asked; all, where it is left out.
 */
function ask(question, replaces, { refresh = false, columns } = {}) {
  const problem = settings.problem;
  composer.say(problem);
  if (problem !== '') return;
  stop();
  truncate(replaces ?? views.length);
  const answers = settings.columns.flatMap((model, column) => {
    if (columns?.includes(column) === false) return [];
    const request = buildRequest(exchanges(), question, settings.settings, model, column);
    return [createAnswer(request, performance.now(), column)];
  });
  const view = show({ question, answers });
  scroll.toEnd();
  void run(view, refresh);
}

/**
 * @param {Exchange} exchange
 * @returns {ExchangeView} at the end of the conversation.
 */
function show(exchange) {
  const position = views.length;
  const view = createExchangeView(exchange, {
    edit: () => edit(position),
    ofAnswer: (answer) => ({
      regenerate: () => again(position, true),
      showCode: () => void showCode(answer.request),
      showRaw: () => void showRaw(answer),
      continueAnswer: () => continueAnswer(answer, position),
      sendResults: (results) => {
        ask({ ...emptyQuestion(), results }, position + 1, { columns: [answer.column] });
        composer.focus();
      },
      remedy: (remedy) => remedyOf[remedy](position),
      explain: (failure) => explain(failure, { credential: access.credential, siteKey: siteKey !== '' }),
    }),
  });
  views.push(view);
  composer.hasHistory = true;
  byId('welcome', HTMLElement).hidden = true;
  byId('exchanges', HTMLElement).append(view.root);
  return view;
}

/**
 * @param {ExchangeView} view
 * @param {boolean} refresh
 */
async function run(view, refresh) {
  const controller = new AbortController();
  running = controller;
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
          if (at === 0) announce(spoken(answer.phase, answerView.text));
        },
      });
    }),
  );
  if (view.root.isConnected) history.save(conversationId, exchanges());
  if (view.answers.some(({ answer }) => header(answer.trace, 'x-ratelimit-limit-tokens') !== null)) {
    void showUsage();
  }
  if (running !== controller) return;
  running = null;
  composer.setBusy(false);
}

/**
 * @param {Answer['phase']} phase
 * @param {string} text - the answer so far.
 * @returns {string} the state in words: phase by phase, never token by token.
 */
function spoken(phase, text) {
  if (phase !== 'done') return SPOKEN[phase] ?? '';
  return text.length <= READ_OUT_CHARS_MAX
    ? text
    : `The answer is complete: ${text.trim().split(/\s+/).length} words.`;
}

function stop() {
  running?.abort(new DOMException('Stopped by the visitor.', 'AbortError'));
}

/** @param {number} length - how many exchanges stay. */
function truncate(length) {
  for (const view of views.splice(length)) view.root.remove();
  composer.hasHistory = views.length > 0;
}

function startAnew() {
  stop();
  truncate(0);
  conversationId = crypto.randomUUID();
  byId('welcome', HTMLElement).hidden = false;
  composer.clear();
}

/** @param {StoredConversation} conversation */
function openConversation({ id, exchanges: stored }) {
  startAnew();
  conversationId = id;
  for (const exchange of stored) show(exchange);
  composer.clear();
  scroll.toEnd();
}

/** @param {number} position */
function edit(position) {
  // The results of tool calls are not edited here: the question that led to them is.
  const at = views.findLastIndex(
    ({ exchange }, index) => index <= position && exchange.question.results.length === 0,
  );
  const view = views[at];
  if (view === undefined) return;
  stop();
  composer.edit(view.exchange.question, at);
}

/**
 * @param {number} position
 * @param {boolean} refresh
 */
function again(position, refresh) {
  const view = views[position];
  if (view === undefined) return;
  const { question, answers } = view.exchange;
  const columns = question.results.length === 0 ? {} : { columns: answers.map(({ column }) => column) };
  ask(question, position, { refresh, ...columns });
  composer.focus();
}

/**
 * Raises the limit that cut an answer, and asks for the rest of it; for all of it, where the limit
 * left no more than reasoning.
 * @param {Answer} answer
 * @param {number} position
 */
function continueAnswer({ request, choices }, position) {
  if (request.max_tokens !== undefined) settings.change({ maxTokens: request.max_tokens * 2 });
  if (choices.every(({ content }) => content === '')) again(position, true);
  else ask({ ...emptyQuestion(), text: CONTINUE }, position + 1);
}

/** @type {Readonly<Record<Remedy, (position: number) => void>>} */
const remedyOf = {
  retry: (position) => again(position, false),
  key: () => {
    settings.open();
    accessView.focus();
  },
  settings: () => settings.askForModel(),
  new: startAnew,
  edit,
};

function exchanges() {
  return views.map(({ exchange }) => exchange);
}

function lastText() {
  return views.at(-1)?.exchange.question.text ?? '';
}

/** @returns {ChatRequest} what would be sent now; with nothing written, what was sent last. */
function nextRequest() {
  const { question } = composer;
  const last = views.at(-1)?.exchange;
  const isWritten = question.text !== '' || question.attachments.length > 0;
  if (!isWritten && last?.answers[0] !== undefined) return last.answers[0].request;
  const past = isWritten ? exchanges().slice(0, composer.replaces ?? undefined) : [];
  const asked = isWritten ? question : { ...emptyQuestion(), text: 'Hello!' };
  return buildRequest(past, asked, settings.settings, settings.model);
}

/** @param {ChatRequest} request */
async function showCode(request) {
  const { openCode } = await import('./code-dialog.js');
  // A session ends with its page: a program needs a key.
  await openCode(request, { baseUrl: `${location.origin}/v1`, needsKey: access.credential !== 'none' });
}

/** @param {Answer} answer */
async function showRaw(answer) {
  const { openRaw } = await import('./raw-dialog.js');
  await openRaw(answer);
}

/** @returns {Promise<boolean>} whether the gateway lets this page in. */
async function listModels() {
  try {
    const answer = await fetchDocument('/v1/models', await access.token(NEVER));
    settings.setModels(parseModels(answer));
    byId('simulator', HTMLElement).hidden = !isSimulated(answer);
    void showUsage();
    return true;
  } catch (error) {
    const isRefused = error instanceof Failure && error.details.status === 401;
    if (isRefused) accessView.demand();
    // Other reasons are explained with the first question; until then the known models serve.
    return !isRefused;
  }
}

/** A new key was entered: tries it, and repeats the question that was refused without it. */
async function tryKey() {
  const isAccepted = await listModels();
  const last = views.at(-1)?.exchange.answers[0];
  const isWaiting = last?.phase === 'failed' && last.failure?.details.status === 401;
  if (isAccepted && access.key !== '') {
    settings.close();
    if (isWaiting) again(views.length - 1, false);
    else if (views.length === 0) composer.focus();
  }
  return isAccepted;
}

async function showUsage() {
  const usage = await access
    .token(NEVER)
    .then((token) => fetchDocument('/v1/usage', token))
    // Without a budget there is nothing to show.
    .catch(() => undefined);
  accessView.showUsage(usage);
}

function showProblem() {
  const unread = composer.tray.attachments.find(
    ({ type }) => settings.model.inputs?.includes(type) === false,
  );
  composer.say(
    unread === undefined
      ? ''
      : `${settings.model.id} reads no ${unread.type}${unread.type === 'audio' ? '' : 's'}.`,
  );
}
