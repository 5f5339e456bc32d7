// A question and its answers on the page: one answer, or two side by side.

import { action, h } from './dom.js';
import { AnswerView } from './answer-view.js';

/**
 * @import { AnswerActions } from './answer-view.js'
 * @import { Answer, Attachment, Exchange } from '../types.ts'
 */

/**
 * @typedef {object} ExchangeView
 * @property {Exchange} exchange
 * @property {readonly AnswerView[]} answers
 * @property {HTMLElement} root
 */

/**
 * @param {Exchange} exchange
 * @param {object} actions
 * @param {() => void} actions.edit
 * @param {(answer: Answer) => AnswerActions} actions.ofAnswer
 * @returns {ExchangeView}
 */
export function createExchangeView(exchange, { edit, ofAnswer }) {
  const answers = exchange.answers.map((answer) => new AnswerView(answer, ofAnswer(answer)));
  const columns = answers.length > 1 ? 'answers side-by-side' : 'answers';
  const root = h(
    'section',
    { class: 'exchange' },
    questionNode(exchange, edit),
    h('div', { class: columns }, ...answers.map((view) => view.root)),
  );
  return { exchange, answers, root };
}

/**
 * @param {Exchange} exchange
 * @param {() => void} edit
 */
function questionNode({ question: { text, attachments, results } }, edit) {
  const bubble =
    results.length > 0
      ? results.map(({ name, content }) =>
          h(
            'div',
            { class: 'result' },
            h('p', { class: 'call-name' }, 'Result of ', h('code', {}, name)),
            h('p', {}, content),
          ),
        )
      : [
          attachments.length === 0 ? '' : h('div', { class: 'sent' }, ...attachments.map(attachmentNode)),
          text === '' ? '' : h('p', {}, text),
        ];
  return h(
    'article',
    { class: 'question' },
    h('h2', { class: 'sr' }, results.length > 0 ? 'Tool results' : 'You'),
    h('div', { class: 'bubble' }, ...bubble),
    results.length > 0 ? '' : h('div', { class: 'actions' }, action('Edit', 'edit', edit)),
  );
}

/** @param {Attachment} attachment */
function attachmentNode(attachment) {
  const { type, name, url } = attachment;
  // The page's policy loads no address of another host; the model does.
  if (type === 'image' && url.startsWith('data:')) {
    const { width = null, height = null } = attachment;
    return h('img', { src: url, alt: name, width, height, class: 'sent-image' });
  }
  return h('span', { class: 'chip' }, h('span', { class: 'chip-type' }, type), name);
}
