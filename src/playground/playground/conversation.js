// The conversation: what was asked and what came back, and how that becomes a request.
//
// Pure: no DOM, no clock.

import { effortFor } from './models.js';

/** @import { Answer, ChatRequest, Exchange, Message, Model, Part, Question, Settings, Update } from '../types.ts' */

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
