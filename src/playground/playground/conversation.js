// The conversation: what was asked and what came back, and how that becomes a request.
//
// Pure: no DOM, no clock.

import { effortFor } from './models.js';

/**
 * @import { Usage, Update } from './api.js'
 * @import { Failure } from './failure.js'
 * @import { Image } from './images.js'
 * @import { Model } from './models.js'
 * @import { Settings } from './settings.js'
 */

/**
 * `waiting` → `reasoning` → `answering` → `done`, and the three ways not to get there:
 * `stopped` (by the visitor), `incomplete` (it broke off), `failed` (nothing came).
 * @typedef {'waiting' | 'reasoning' | 'answering' | 'done' | 'stopped' | 'incomplete' | 'failed'} Phase
 */

/** @typedef {{ text: string, images: readonly Image[] }} Question */

/**
 * @typedef {object} Answer
 * @property {Phase} phase
 * @property {string} reasoning
 * @property {string} content
 * @property {ChatRequest} request - what was sent for it.
 * @property {Usage | null} usage
 * @property {string | null} cacheStatus - RFC 9211, as received.
 * @property {string | null} finishReason
 * @property {Failure | null} failure
 * @property {number} askedAt - ms, of one clock.
 * @property {number | null} firstTokenAt
 * @property {number | null} contentAt - the end of the reasoning.
 * @property {number | null} endedAt
 */

/** @typedef {{ question: Question, answer: Answer }} Exchange */

/** @typedef {{ type: 'text', text: string } | { type: 'image_url', image_url: { url: string } }} Part */
/** @typedef {{ role: 'system' | 'user' | 'assistant', content: string | Part[] }} Message */

/**
 * @typedef {object} ChatRequest the body of POST /v1/chat/completions
 * @property {string} model
 * @property {Message[]} messages
 * @property {boolean} stream
 * @property {string} [reasoning_effort]
 * @property {string} reasoning_format
 * @property {number} temperature
 * @property {number} [max_tokens]
 */

/**
 * @param {readonly Exchange[]} history
 * @param {Question} question
 * @param {Settings} settings
 * @param {Model} model
 * @returns {ChatRequest}
 */
export function buildRequest(history, question, settings, model) {
  const effort = effortFor(model, settings.effort);
  /** @type {Message[]} */
  const messages = settings.system.trim() === '' ? [] : [{ role: 'system', content: settings.system }];
  for (const { question: asked, answer } of history) {
    // A question that got no word in answer would leave two user messages in a row.
    if (answer.content === '') continue;
    messages.push(userMessage(asked), { role: 'assistant', content: answer.content });
  }
  messages.push(userMessage(question));
  return {
    model: model.id,
    messages,
    stream: settings.stream,
    ...(effort === '' ? {} : { reasoning_effort: effort }),
    reasoning_format: settings.format,
    temperature: settings.temperature,
    ...(settings.maxTokens === null ? {} : { max_tokens: settings.maxTokens }),
  };
}

/**
 * @param {Question} question
 * @returns {Message}
 */
function userMessage({ text, images }) {
  if (images.length === 0) return { role: 'user', content: text };
  /** @type {Part[]} */
  const parts = images.map(({ url }) => ({ type: 'image_url', image_url: { url } }));
  if (text !== '') parts.unshift({ type: 'text', text });
  return { role: 'user', content: parts };
}

/**
 * @param {ChatRequest} request
 * @param {number} now
 * @returns {Answer} nothing yet.
 */
export function createAnswer(request, now) {
  return {
    phase: 'waiting',
    reasoning: '',
    content: '',
    request,
    usage: null,
    cacheStatus: null,
    finishReason: null,
    failure: null,
    askedAt: now,
    firstTokenAt: null,
    contentAt: null,
    endedAt: null,
  };
}

/**
 * @param {Answer} answer - changed in place.
 * @param {Update} update
 * @param {number} now
 */
export function applyUpdate(answer, update, now) {
  switch (update.type) {
    case 'open':
      answer.cacheStatus = update.cacheStatus;
      break;
    case 'reasoning':
      answer.firstTokenAt ??= now;
      answer.reasoning += update.text;
      if (answer.phase === 'waiting') answer.phase = 'reasoning';
      break;
    case 'content':
      answer.firstTokenAt ??= now;
      answer.contentAt ??= now;
      answer.content += update.text;
      answer.phase = 'answering';
      break;
    case 'finish':
      answer.finishReason = update.reason;
      break;
    case 'usage':
      answer.usage = update.usage;
      break;
    default:
      break;
  }
}
