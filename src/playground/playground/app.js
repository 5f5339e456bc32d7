// The playground: conversations with StepFun through this gateway. This module creates the parts of the
// page and connects them.

import { Access } from './access.js';
import { AccessView } from './access-view.js';
import { Composer } from './composer.js';
import { emptyQuestion } from './conversation.js';
import { createConversationMenu } from './conversation-menu.js';
import { ConversationView } from './conversation-view.js';
import { byId } from './dom.js';
import { explain } from './failure.js';
import { GatewayInfo } from './gateway-info.js';
import { History } from './history.js';
import { closeMenus } from './menu.js';
import { KNOWN_MODELS } from './models.js';
import { followEnd } from './scroll.js';
import { SettingsView } from './settings-view.js';
import { showSetup } from './setup-view.js';
import { parseShared, shareLink } from './share.js';

/** @import { Answer, ChatRequest, KeyCheck } from '../types.ts' */

const siteKey = document.querySelector('meta[name="turnstile-site-key"]')?.getAttribute('content') ?? '';
const access = new Access(siteKey);
const accessView = new AccessView(access, { submitted: tryKey });
const settings = new SettingsView(KNOWN_MODELS, { changed: showMediaProblem });
const gatewayInfo = new GatewayInfo(access, accessView, settings);
const composer = new Composer({
  send: (question, replaces) => conversation.ask(question, replaces),
  stop: () => conversation.stop(),
  editLast: () => conversation.edit(),
  attachmentsChanged: showMediaProblem,
  problem: () => settings.problem,
});
const scroll = followEnd(
  byId('scroller', HTMLElement),
  byId('column', HTMLElement),
  byId('latest', HTMLButtonElement),
);
const savedHistory = new History();
const conversation = new ConversationView(
  { access, settings, composer, scroll, history: savedHistory },
  {
    showCode: (request) => void showCode(request),
    showRaw: (answer) => void showRaw(answer),
    enterKey: () => {
      settings.open();
      accessView.focus();
    },
    budgetUsed: () => void gatewayInfo.showUsage(),
    explain: (failure) => explain(failure, { credential: access.credential, siteKey: siteKey !== '' }),
  },
);

start();

function start() {
  closeMenus();
  byId('new', HTMLButtonElement).addEventListener('click', () => conversation.startAnew());
  byId('code-open', HTMLButtonElement).addEventListener('click', () => {
    const { problem } = settings;
    if (problem === '') void showCode(conversation.nextRequest());
    else composer.say(problem);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) conversation.stop();
  });
  for (const starter of byId('starters', HTMLElement).querySelectorAll('button')) {
    starter.addEventListener('click', () => {
      composer.clear();
      const text = starter.textContent.replace(/\s+/g, ' ').trim();
      conversation.ask({ ...emptyQuestion(), text }, null);
    });
  }
  createConversationMenu({
    history: savedHistory,
    exchanges: () => conversation.exchanges,
    link: () => shareLink(location.href, settings.settings, composer.question.text || lastText()),
    open: (stored) => conversation.open(stored),
    clear: () => {
      savedHistory.clear();
      conversation.startAnew();
    },
  });
  const last = savedHistory.conversations[0];
  if (last !== undefined) conversation.open(last);
  composer.focus();
  openLink();
  void showSetup();
  void gatewayInfo.load();
}

/** Takes the settings and the draft out of a link to this page. */
function openLink() {
  const shared = parseShared(location.hash);
  if (shared === null) return;
  history.replaceState(null, '', location.pathname);
  conversation.startAnew();
  settings.change(shared.settings);
  composer.fill(shared.prompt);
}

function lastText() {
  return conversation.exchanges.at(-1)?.question.text ?? '';
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

/**
 * Checks a new key, and repeats the question that was refused without it.
 * @returns {Promise<KeyCheck>}
 */
async function tryKey() {
  const check = await gatewayInfo.load();
  if (check === 'accepted' && access.key !== '') {
    settings.close();
    if (!conversation.retryRefused() && conversation.exchanges.length === 0) composer.focus();
  }
  return check;
}

function showMediaProblem() {
  const unread = composer.tray.attachments.find(
    ({ type }) => settings.model.inputs?.includes(type) === false,
  );
  const plural = unread?.type === 'audio' ? '' : 's';
  composer.say(unread === undefined ? '' : `${settings.model.id} reads no ${unread.type}${plural}.`);
}
