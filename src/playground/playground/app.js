// The playground: a conversation with StepFun through this very gateway.
// Here the parts meet; each of them is a file of its own.

import { Access } from './access.js';
import { fetchModels, NEVER } from './api.js';
import { Composer } from './composer.js';
import { buildRequest, createAnswer } from './conversation.js';
import { announce, byId } from './dom.js';
import { ExchangeView } from './exchange-view.js';
import { explain } from './failure.js';
import { KNOWN_MODELS, parseModels } from './models.js';
import { runAnswer } from './run.js';
import { followEnd } from './scroll.js';
import { SettingsView } from './settings-view.js';

/** @import { Answer, ChatRequest, Question, Remedy } from '../types.ts' */

/** An answer this short is read out whole; a longer one is announced, to be read at leisure. */
const READ_OUT_CHARS_MAX = 300;

/** A failure is an alert of its own. @type {Partial<Record<Answer['phase'], string>>} */
const SPOKEN = { reasoning: 'Reasoning.', answering: 'Answering.', stopped: 'Stopped.' };

const siteKey = document.querySelector('meta[name="turnstile-site-key"]')?.getAttribute('content') ?? '';
const access = new Access(siteKey);
const settings = new SettingsView(KNOWN_MODELS, access, {
  changed: checkImages,
  keyChanged: () => void listModels(),
});
const composer = new Composer({
  send: ask,
  stop,
  editLast: () => edit(views.length - 1),
  imagesChanged: checkImages,
});
const scroll = followEnd(
  byId('scroller', HTMLElement),
  byId('column', HTMLElement),
  byId('latest', HTMLButtonElement),
);

/** @type {ExchangeView[]} */
let views = [];
/** @type {AbortController | null} */
let running = null;

byId('new', HTMLButtonElement).addEventListener('click', startAnew);
byId('code-open', HTMLButtonElement).addEventListener('click', () => void showCode(nextRequest()));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) stop();
});
for (const starter of byId('starters', HTMLElement).querySelectorAll('button')) {
  starter.addEventListener('click', () => {
    composer.clear();
    ask({ text: starter.textContent.replace(/\s+/g, ' ').trim(), images: [] }, null);
  });
}
void listModels();
composer.focus();

/**
 * @param {Question} question
 * @param {number | null} replaces - the exchange it takes the place of, and of all after it.
 * @param {{ refresh?: boolean }} [options]
 */
function ask(question, replaces, { refresh = false } = {}) {
  stop();
  truncate(replaces ?? views.length);
  const request = buildRequest(history(), question, settings.settings, settings.model);
  const answer = createAnswer(request, performance.now());
  const position = views.length;
  const view = new ExchangeView(
    { question, answer },
    {
      edit: () => edit(position),
      regenerate: () => again(position, true),
      showCode: () => void showCode(request),
      remedy: (remedy) => remedyOf[remedy](position),
      explain: (failure) => explain(failure, { credential: access.credential, siteKey: siteKey !== '' }),
    },
  );
  views.push(view);
  byId('welcome', HTMLElement).hidden = true;
  byId('exchanges', HTMLElement).append(view.root);
  scroll.toEnd();
  void run(view, refresh);
}

/**
 * @param {ExchangeView} view
 * @param {boolean} refresh
 */
async function run(view, refresh) {
  const { answer } = view.exchange;
  const controller = new AbortController();
  running = controller;
  composer.setBusy(true);
  announce('Asked.');
  let phase = answer.phase;
  await runAnswer(answer, {
    access,
    signal: controller.signal,
    refresh,
    changed: () => {
      view.update();
      if (answer.phase === phase) return;
      phase = answer.phase;
      announce(spoken(answer.phase, view.text));
    },
  });
  if (running !== controller) return;
  running = null;
  composer.setBusy(false);
}

/**
 * @param {Answer['phase']} phase
 * @param {string} text - the answer, as far as it has come.
 * @returns {string} where it stands: phase by phase, never token by token.
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
}

function startAnew() {
  stop();
  truncate(0);
  byId('welcome', HTMLElement).hidden = false;
  composer.clear();
}

/** @param {number} position */
function edit(position) {
  const view = views[position];
  if (view === undefined) return;
  stop();
  composer.edit(view.exchange.question, position);
}

/**
 * @param {number} position
 * @param {boolean} refresh
 */
function again(position, refresh) {
  const view = views[position];
  if (view === undefined) return;
  ask(view.exchange.question, position, { refresh });
  composer.focus();
}

/** @type {Readonly<Record<Remedy, (position: number) => void>>} */
const remedyOf = {
  retry: (position) => again(position, false),
  key: () => settings.askForKey(),
  settings: () => settings.askForModel(),
  new: startAnew,
};

function history() {
  return views.map(({ exchange }) => exchange);
}

/** @returns {ChatRequest} what would be sent now; with nothing written, what was sent last. */
function nextRequest() {
  const { question } = composer;
  const last = views.at(-1)?.exchange;
  if (question.text !== '' || question.images.length > 0) {
    return buildRequest(
      history().slice(0, composer.replaces ?? undefined),
      question,
      settings.settings,
      settings.model,
    );
  }
  return (
    last?.answer.request ??
    buildRequest([], { text: 'Hello!', images: [] }, settings.settings, settings.model)
  );
}

/** @param {ChatRequest} request */
async function showCode(request) {
  const { openCode } = await import('./code-dialog.js');
  // A session ends with its page: code of one's own needs a key.
  await openCode(request, { baseUrl: `${location.origin}/v1`, needsKey: access.credential !== 'none' });
}

async function listModels() {
  try {
    settings.setModels(parseModels(await fetchModels(await access.token(NEVER))));
  } catch {
    // What keeps the list away will be explained with the first question; the known models do until then.
  }
}

function checkImages() {
  const { images } = composer.question;
  const { id, images: reads } = settings.model;
  composer.say(images.length > 0 && reads === false ? `${id} reads no images.` : '');
}
