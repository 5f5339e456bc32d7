// The request as code, in a dialog with a tab for each language.

import { h } from './dom.js';
import { curlSnippet, javaScriptSnippet, pythonSnippet, withoutBase64 } from './snippets.js';
import { TabDialog } from './tab-dialog.js';

/** @import { ChatRequest, Target } from '../types.ts' */

const LANGUAGES = [
  { name: 'curl', write: curlSnippet },
  { name: 'JavaScript', write: javaScriptSnippet },
  { name: 'Python', write: pythonSnippet },
];

const dialog = new TabDialog('code', 'This request as code');

/**
 * @param {ChatRequest} request
 * @param {Target} target
 */
export async function openCode(request, target) {
  const tabs = LANGUAGES.map(({ name, write }) => {
    const text = () => write(request, target);
    return { name, text, content: () => h('pre', {}, h('code', {}, withoutBase64(text()))) };
  });
  const note = target.needsKey
    ? 'Put your client key into the environment as GATEWAY_KEY. The code never has the key of this page.'
    : 'This gateway answers without a key.';
  await dialog.open(tabs, note);
}
