// The menu of the page: export, link, theme, earlier conversations.

import { announce, byId, copyText, h } from './dom.js';
import { titleOf } from './history.js';
import { closeMenuOf } from './menu.js';
import { watchTheme } from './theme-switch.js';

/**
 * @import { History } from './history.js'
 * @import { Exchange, StoredConversation } from '../types.ts'
 */

/**
 * @typedef {object} Page
 * @property {History} history
 * @property {() => readonly Exchange[]} exchanges - of the conversation on the page.
 * @property {() => string} link - that holds the settings.
 * @property {(conversation: StoredConversation) => void} open
 * @property {() => void} clear - removes all conversations.
 */

/** @param {Page} page */
export function createConversationMenu(page) {
  const menu = byId('menu', HTMLDetailsElement);
  watchTheme();
  menu.addEventListener('toggle', () => {
    if (menu.open) showEarlier(page);
  });
  onClick('export-markdown', () => exportAs(page, 'markdown'));
  onClick('export-json', () => exportAs(page, 'json'));
  onClick('share', () => copyText(page.link()));
  onClick('clear', async () => {
    page.clear();
    announce('Conversations cleared');
  });
}

/**
 * @param {string} id
 * @param {() => Promise<unknown>} run
 */
function onClick(id, run) {
  const button = byId(id, HTMLButtonElement);
  button.addEventListener('click', () => {
    closeMenuOf(button);
    void run();
  });
}

/**
 * @param {Page} page
 * @param {'markdown' | 'json'} format
 */
async function exportAs({ exchanges }, format) {
  const { download, toJson, toMarkdown } = await import('./export.js');
  if (format === 'markdown') download('conversation.md', 'text/markdown', toMarkdown(exchanges()));
  else download('conversation.json', 'application/json', toJson(exchanges()));
}

/** @param {Page} page */
function showEarlier({ history, open, exchanges }) {
  const menu = byId('menu', HTMLDetailsElement);
  const isEmpty = exchanges().length === 0;
  for (const id of ['export-markdown', 'export-json']) byId(id, HTMLButtonElement).disabled = isEmpty;
  byId('earlier', HTMLElement).hidden = history.conversations.length === 0;
  byId('earlier-list', HTMLElement).replaceChildren(
    ...history.conversations.map((conversation) => {
      const click = () => {
        closeMenuOf(menu);
        open(conversation);
      };
      const title = h('span', {}, titleOf(conversation));
      const button = h('button', { type: 'button', class: 'action', click }, title);
      return h('li', {}, button);
    }),
  );
}
