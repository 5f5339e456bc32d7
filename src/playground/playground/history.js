// The visitor's conversations, kept in this browser alone.

import { field, list, parseJson, text } from './json.js';
import { readStored, writeStored } from './storage.js';
import { createTrace } from './trace.js';

/** @import { Answer, Choice, Exchange, Question, StoredConversation } from '../types.ts' */

const STORED_AS = 'stepfun-edge.conversations';

const CONVERSATIONS_MAX = 20;

export class History {
  /** The newest first. @type {readonly StoredConversation[]} */
  #conversations = parseConversations(parseJson(readStored(STORED_AS) ?? ''));

  /** @returns {readonly StoredConversation[]} the newest first. */
  get conversations() {
    return this.#conversations;
  }

  /**
   * @param {string} id
   * @param {readonly Exchange[]} exchanges - of the conversation so far; an empty one is not kept.
   */
  save(id, exchanges) {
    const ended = exchanges.filter(({ answers }) => answers.every(({ endedAt }) => endedAt !== null));
    if (ended.length === 0) return;
    const others = this.#conversations.filter((other) => other.id !== id);
    const saved = { id, changedAt: Date.now(), exchanges: ended.map(storable) };
    this.#conversations = [saved, ...others].slice(0, CONVERSATIONS_MAX);
    // A browser gives a site some 5 MB: the oldest ones make room, then the images of this one.
    while (!this.#write() && this.#conversations.length > 1) {
      this.#conversations = this.#conversations.slice(0, -1);
    }
    if (this.#write()) return;
    this.#conversations = [{ ...saved, exchanges: saved.exchanges.map(withoutAttachments) }];
    this.#write();
  }

  /** Removes all of them from this browser. */
  clear() {
    this.#conversations = [];
    writeStored(STORED_AS, null);
  }

  #write() {
    return writeStored(STORED_AS, JSON.stringify(this.#conversations));
  }
}

/** @param {StoredConversation} conversation */
export function titleOf({ exchanges }) {
  const first = exchanges[0]?.question;
  return first?.text || first?.attachments[0]?.name || 'Conversation';
}

/**
 * @param {Exchange} exchange
 * @returns {Exchange} without the recorded bytes and without the failure, which ends with the page.
 */
function storable({ question, answers }) {
  return {
    question,
    answers: answers.map((answer) => ({
      ...answer,
      failure: null,
      trace: { ...createTrace(), responseHeaders: answer.trace.responseHeaders },
    })),
  };
}

/**
 * @param {Exchange} exchange
 * @returns {Exchange}
 */
function withoutAttachments({ question, answers }) {
  return {
    question: { ...question, attachments: [] },
    answers: answers.map((answer) => ({ ...answer, request: { ...answer.request, messages: [] } })),
  };
}

/**
 * @param {unknown} value - as stored by any version of this page.
 * @returns {readonly StoredConversation[]} those that can be shown.
 */
export function parseConversations(value) {
  return list(value).flatMap((item) => {
    const exchanges = list(field(item, 'exchanges')).flatMap(parseExchange);
    const id = text(field(item, 'id'));
    if (id === '' || exchanges.length === 0) return [];
    return [{ id, changedAt: Number(field(item, 'changedAt') ?? 0), exchanges }];
  });
}

/**
 * @param {unknown} value
 * @returns {readonly Exchange[]} one or none.
 */
function parseExchange(value) {
  const answers = list(field(value, 'answers'));
  const question = field(value, 'question');
  if (!isQuestion(question) || answers.length === 0 || !answers.every(isAnswer)) return [];
  return [{ question, answers: answers.filter(isAnswer) }];
}

/**
 * @param {unknown} value
 * @returns {value is Question}
 */
function isQuestion(value) {
  return (
    typeof field(value, 'text') === 'string' &&
    Array.isArray(field(value, 'attachments')) &&
    Array.isArray(field(value, 'results'))
  );
}

/**
 * @param {unknown} value
 * @returns {value is Answer}
 */
function isAnswer(value) {
  const choices = list(field(value, 'choices'));
  return (
    typeof field(field(value, 'request'), 'model') === 'string' &&
    Array.isArray(field(field(value, 'trace'), 'responseHeaders')) &&
    typeof field(value, 'endedAt') === 'number' &&
    choices.length > 0 &&
    choices.every(isChoice)
  );
}

/**
 * @param {unknown} value
 * @returns {value is Choice}
 */
function isChoice(value) {
  return (
    typeof field(value, 'content') === 'string' &&
    typeof field(value, 'reasoning') === 'string' &&
    Array.isArray(field(value, 'toolCalls'))
  );
}
