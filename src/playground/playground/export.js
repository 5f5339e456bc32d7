// A conversation as a file: Markdown to read, JSON to work with.

import { h } from './dom.js';

/** @import { Answer, Exchange, Question } from '../types.ts' */

/**
 * @param {readonly Exchange[]} exchanges
 * @returns {string}
 */
export function toMarkdown(exchanges) {
  return exchanges
    .flatMap(({ question, answers }) => [`## You\n\n${questionText(question)}`, ...answers.map(answerText)])
    .join('\n\n')
    .concat('\n');
}

/**
 * @param {readonly Exchange[]} exchanges
 * @returns {string} each request as it was sent, with the answer's choices and usage.
 */
export function toJson(exchanges) {
  const document = exchanges.flatMap(({ answers }) =>
    answers.map(({ request, choices, usage }) => ({
      request,
      choices: choices.map(({ reasoning, content, toolCalls, finishReason }) => ({
        reasoning,
        content,
        tool_calls: toolCalls,
        finish_reason: finishReason,
      })),
      usage,
    })),
  );
  return `${JSON.stringify(document, null, 2)}\n`;
}

/**
 * Lets the browser save a file.
 * @param {string} name
 * @param {string} type - media type.
 * @param {string} content
 */
export function download(name, type, content) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  h('a', { href, download: name }).click();
  // The download has begun with the click; the address may go.
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** @param {Question} question */
function questionText({ text, attachments, results }) {
  const media = attachments.map(({ type, name }) => `*(${type}: ${name})*`);
  const returned = results.map(({ name, content }) => `Result of \`${name}\`:\n\n${toFence(content)}`);
  return [...media, ...returned, ...(text === '' ? [] : [text])].join('\n\n');
}

/** @param {Answer} answer */
function answerText({ request, choices }) {
  const parts = choices.flatMap(({ reasoning, content, toolCalls }, at) => [
    ...(choices.length > 1 ? [`### Choice ${at + 1}`] : []),
    ...(reasoning === '' ? [] : [`<details><summary>Reasoning</summary>\n\n${reasoning}\n\n</details>`]),
    ...toolCalls.map(({ name, arguments: args }) => `Calls \`${name}\`:\n\n${toFence(args, 'json')}`),
    ...(content === '' ? [] : [content]),
  ]);
  return [`## ${request.model}`, ...parts].join('\n\n');
}

/**
 * @param {string} text
 * @param {string} [language]
 * @returns {string} in a fence longer than any in the text.
 */
function toFence(text, language = '') {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
