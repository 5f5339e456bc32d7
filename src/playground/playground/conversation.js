// Builds a request from a conversation, and an answer from its updates.
//
// Pure: no DOM, no clock.

import { effortFor } from './models.js';
import { requestOptions } from './request-options.js';
import { createTrace } from './trace.js';

/** @import { Answer, Attachment, ChatRequest, Choice, Exchange, Message, Model, Part, Question, Settings, ToolCall, Update } from '../types.ts' */

/** More choices than the API allows (OpenAI: 128) come from no gateway. */
const CHOICES_MAX = 128;

/** @returns {Question} */
export function emptyQuestion() {
  return { text: '', attachments: [], results: [] };
}

/**
 * @param {readonly Exchange[]} history
 * @param {Question} question
 * @param {Settings} settings
 * @param {Model} model
 * @param {number} [column] - whose part of the conversation is sent.
 * @returns {ChatRequest}
 * @throws {SyntaxError} where the settings hold JSON that can't be read.
 */
export function buildRequest(history, question, settings, model, column = 0) {
  const effort = effortFor(model, settings.effort);
  /** @type {Message[]} */
  const messages = settings.system.trim() === '' ? [] : [{ role: 'system', content: settings.system }];
  for (const exchange of history) messages.push(...messagesOf(exchange, column));
  messages.push(...questionMessages(question));
  return {
    model: model.id,
    messages,
    stream: settings.stream,
    ...(effort === '' ? {} : { reasoning_effort: effort }),
    reasoning_format: settings.format,
    temperature: settings.temperature,
    ...requestOptions(settings),
  };
}

/**
 * @param {Exchange} exchange
 * @param {number} column
 * @returns {readonly Message[]}
 */
function messagesOf({ question, answers }, column) {
  const answer = answers.find((one) => one.column === column);
  // A column that was added later knows what the first one was asked, but not its tool results.
  const read = answer ?? (question.results.length === 0 ? answers[0] : undefined);
  const choice = read?.choices[0];
  if (choice === undefined) return [];
  // Without an answer, the history would have two user messages in a row.
  if (choice.content === '' && choice.toolCalls.length === 0) return [];
  return [...questionMessages(question), assistantMessage(choice)];
}

/**
 * @param {Choice} choice
 * @returns {Message}
 */
function assistantMessage({ content, toolCalls }) {
  if (toolCalls.length === 0) return { role: 'assistant', content };
  const calls = toolCalls.map(({ id, name, arguments: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args },
  }));
  return { role: 'assistant', content, tool_calls: calls };
}

/**
 * @param {Question} question
 * @returns {readonly Message[]}
 */
function questionMessages({ text, attachments, results }) {
  if (results.length > 0) {
    return results.map(({ callId, content }) => ({ role: 'tool', tool_call_id: callId, content }));
  }
  if (attachments.length === 0) return [{ role: 'user', content: text }];
  const parts = attachments.map(attachmentPart);
  if (text !== '') parts.unshift({ type: 'text', text });
  return [{ role: 'user', content: parts }];
}

/**
 * @param {Attachment} attachment
 * @returns {Part}
 */
function attachmentPart(attachment) {
  const { url } = attachment;
  switch (attachment.type) {
    case 'image':
      return { type: 'image_url', image_url: { url } };
    case 'video':
      return { type: 'video_url', video_url: { url } };
    case 'audio':
      return { type: 'input_audio', input_audio: { data: url, format: attachment.format } };
    default:
      throw new Error('unknown attachment');
  }
}

/**
 * @param {ChatRequest} request
 * @param {number} now
 * @param {number} [column]
 * @returns {Answer} of which nothing has arrived.
 */
export function createAnswer(request, now, column = 0) {
  return {
    column,
    phase: 'waiting',
    choices: [createChoice()],
    request,
    usage: null,
    trace: createTrace(),
    failure: null,
    askedAt: now,
    firstTokenAt: null,
    endedAt: null,
  };
}

/** @returns {Choice} */
function createChoice() {
  return { reasoning: '', content: '', toolCalls: [], finishReason: null, contentAt: null };
}

/**
 * @param {Answer} answer - changed in place.
 * @param {Update} update
 * @param {number} now
 */
export function applyUpdate(answer, update, now) {
  if (update.type === 'usage') {
    answer.usage = update.usage;
    return;
  }
  const choice = choiceAt(answer, update.choice);
  if (choice === undefined) return;
  switch (update.type) {
    case 'reasoning':
      answer.firstTokenAt ??= now;
      choice.reasoning += update.text;
      if (answer.phase === 'waiting') answer.phase = 'reasoning';
      break;
    case 'content':
      answer.firstTokenAt ??= now;
      choice.contentAt ??= now;
      choice.content += update.text;
      answer.phase = 'answering';
      break;
    case 'tool_call':
      answer.firstTokenAt ??= now;
      choice.contentAt ??= now;
      addCall(choice.toolCalls, update.position, update.call);
      answer.phase = 'answering';
      break;
    case 'finish':
      choice.finishReason = update.reason;
      break;
    default:
      break;
  }
}

/**
 * @param {Answer} answer
 * @param {number} position
 */
function choiceAt({ choices }, position) {
  if (!(position >= 0 && position < CHOICES_MAX)) return undefined;
  while (choices.length <= position) choices.push(createChoice());
  return choices[position];
}

/**
 * @param {ToolCall[]} calls - changed in place.
 * @param {number} position
 * @param {ToolCall} piece - the id and the name come once, the arguments in pieces.
 */
function addCall(calls, position, piece) {
  const call = calls[position];
  if (call === undefined) {
    calls.push({ ...piece });
    return;
  }
  call.id ||= piece.id;
  call.name ||= piece.name;
  call.arguments += piece.arguments;
}
