// The rules as the contract words them, on trees. Each is written for itself and
// goes over the whole document; there is no speed here and no position.

import type { RewriteOptions } from '../../../../src/relay/rewriter.ts';
import {
  append,
  drop,
  membersOf,
  nameOf,
  parseTree,
  plain,
  prepend,
  render,
  says,
  type Member,
  type ObjectTree,
  type Tree,
} from './tree.ts';

export interface State {
  readonly finished: Map<number, string | null>;
  readonly toolIndexes: Map<number, { ids: Map<string, number>; last: number; next: number }>;
  readonly calledTools: Set<number>;
  usageSent: boolean;
  lastWithUsage: string | null;
}

export function newState(choices: number): State {
  return {
    finished: new Map(Array.from({ length: choices }, (_, i) => [i, null])),
    toolIndexes: new Map(),
    calledTools: new Set(),
    usageSent: false,
    lastWithUsage: null,
  };
}

export function isComplete(state: State): boolean {
  return [...state.finished.values()].every((reason) => reason !== null);
}

export type Outcome = { text: string } | 'error' | 'malformed';

export function rewriteDocument(
  text: string,
  kind: 'chunk' | 'completion',
  options: RewriteOptions,
  state: State,
): Outcome {
  const document = parseTree(text);
  if (document === null || document.tree.kind !== 'object') return 'malformed';
  const root = document.tree;
  // Whichever comes first in the document decides.
  for (const member of root.members) {
    const name = nameOf(member);
    if (name === 'choices' && !isChoices(member.value)) return 'malformed';
    if (name === 'error') {
      const error = says(member.value);
      if (member.value.kind === 'object' || (typeof error === 'string' && error !== '')) return 'error';
    }
  }
  const choices = membersOf(root, 'choices').flatMap(({ value }) =>
    value.kind === 'array' ? [value.items.map((item) => item.value)] : [],
  );
  if (membersOf(root, 'choices').length === 0) return 'malformed';
  if (kind === 'completion' && choices.flat().length === 0) return 'malformed';

  for (const list of choices) {
    list.forEach((choice, position) => {
      if (choice.kind === 'object') rewriteChoice(choice, position, options, state);
    });
  }
  const usages = membersOf(root, 'usage');
  const hasUsage = usages.at(-1)?.value.kind === 'object';
  if (hasUsage) state.lastWithUsage = text;

  if (options.shape === 'openai') {
    mendCreated(root, options);
    if (kind === 'completion') {
      const last = usages.at(-1)?.value;
      if (last?.kind === 'object') mendUsage(last);
      if (membersOf(root, 'system_fingerprint').length === 0) append(root, 'system_fingerprint', plain(null));
    } else {
      const isCarrier =
        hasUsage &&
        !state.usageSent &&
        isComplete(state) &&
        (!options.includeUsage || choices.flat().length === 0);
      if (isCarrier) {
        state.usageSent = true;
        keepLastUsage(root);
      } else {
        drop(root, usages);
      }
    }
  }
  return { text: document.before + render(root) + document.after };
}

/** @returns the chunk that tells the usage after all others, or null when there is none to tell. */
export function usageChunk(options: RewriteOptions, state: State): string | null {
  if (options.shape !== 'openai' || state.usageSent || state.lastWithUsage === null) return null;
  const document = parseTree(state.lastWithUsage);
  if (document?.tree.kind !== 'object') return null;
  const root = document.tree;
  for (const choices of membersOf(root, 'choices')) choices.value = { kind: 'plain', text: '[]' };
  mendCreated(root, options);
  keepLastUsage(root);
  return document.before + render(root) + document.after;
}

function isChoices(tree: Tree): boolean {
  if (says(tree) === null) return true;
  return (
    tree.kind === 'array' &&
    tree.items.every(
      ({ value }) =>
        value.kind === 'object' &&
        membersOf(value, 'delta', 'message').every(
          (m) => m.value.kind === 'object' || says(m.value) === null,
        ),
    )
  );
}

function rewriteChoice(choice: ObjectTree, position: number, options: RewriteOptions, state: State): void {
  const openai = options.shape === 'openai';
  const named = says(membersOf(choice, 'index').at(-1)?.value);
  const index = isIndex(named) ? named : position;
  if (!state.finished.has(index)) state.finished.set(index, null);

  for (const said of membersOf(choice, 'delta', 'message')) {
    if (said.value.kind !== 'object') continue;
    const isDelta = nameOf(said) === 'delta';
    const emptyRoles = membersOf(said.value, 'role').filter((role) => openai && says(role.value) === '');
    drop(said.value, [...unwantedReasoning(said.value, options), ...(isDelta ? emptyRoles : [])]);
    if (!isDelta) for (const role of emptyRoles) role.value = plain('assistant');
    if (!openai) continue;
    for (const calls of membersOf(said.value, 'tool_calls')) {
      if (calls.value.kind !== 'array') continue;
      for (const { value: call } of calls.value.items) {
        if (call.kind !== 'object') continue;
        state.calledTools.add(index);
        if (isDelta) rewritePiece(call, index, state);
      }
    }
  }

  const reasons = membersOf(choice, 'finish_reason');
  if (reasons.length === 0 && openai) append(choice, 'finish_reason', plain(null));
  for (const reason of reasons) {
    const said = says(reason.value);
    if (said === '' && openai) reason.value = plain(null);
    if (typeof said !== 'string' || said === '') continue;
    const isCall = openai && said === 'stop' && state.calledTools.has(index);
    if (isCall) reason.value = plain('tool_calls');
    state.finished.set(index, isCall ? 'tool_calls' : said);
  }
}

/** Renames what reasoning is to stay, and returns the rest. */
function unwantedReasoning(said: ObjectTree, options: RewriteOptions): Member[] {
  const all = membersOf(said, 'reasoning', 'reasoning_content');
  if (options.reasoning === 'hidden') return all;
  const target = options.reasoning === 'general' ? 'reasoning' : 'reasoning_content';
  const survivor = all.findLast((m) => says(m.value) !== null && says(m.value) !== '') ?? all.at(-1);
  if (survivor !== undefined && nameOf(survivor) !== target) survivor.key = JSON.stringify(target);
  return all.filter((member) => member !== survivor);
}

function rewritePiece(call: ObjectTree, choice: number, state: State): void {
  const known = state.toolIndexes.get(choice) ?? { ids: new Map<string, number>(), last: 0, next: 0 };
  state.toolIndexes.set(choice, known);
  const ids = membersOf(call, 'id');
  const id = says(ids.at(-1)?.value);
  const own = membersOf(call, 'index').at(-1);
  const given = says(own?.value);
  const isOldNews = isNothing(id) || (typeof id === 'string' && known.ids.has(id));

  let index: number;
  if (isIndex(given)) index = given;
  else if (typeof id !== 'string' || id === '') index = known.last;
  else index = known.ids.get(id) ?? known.next;
  if (typeof id === 'string' && id !== '') known.ids.set(id, index);
  known.last = index;
  known.next = Math.max(known.next, index + 1);

  for (const type of membersOf(call, 'type')) if (isNothing(says(type.value))) type.value = plain('function');
  for (const { value } of membersOf(call, 'function')) {
    if (value.kind !== 'object') continue;
    drop(
      value,
      membersOf(value, 'name').filter((name) => isNothing(says(name.value))),
    );
  }

  const dropped = isOldNews ? ids : [];
  if (own !== undefined) {
    if (!isIndex(given)) own.value = plain(index);
  } else if (dropped[0] !== undefined) {
    const [first] = dropped.splice(0, 1);
    first!.key = '"index"';
    first!.value = plain(index);
  } else {
    prepend(call, 'index', plain(index));
  }
  drop(call, dropped);
}

function isNothing(value: unknown): boolean {
  return value === '' || value === null;
}

function mendCreated(root: ObjectTree, options: RewriteOptions): void {
  for (const created of membersOf(root, 'created')) {
    if (says(created.value) === 0) created.value = plain(options.created);
  }
}

function keepLastUsage(root: ObjectTree): void {
  const usages = membersOf(root, 'usage');
  drop(root, usages.slice(0, -1));
  const last = usages.at(-1)?.value;
  if (last?.kind === 'object') mendUsage(last);
}

function mendUsage(usage: ObjectTree): void {
  const cached = membersOf(usage, 'cached_tokens').at(-1)?.value;
  if (cached === undefined || typeof says(cached) !== 'number') return;
  const details = membersOf(usage, 'prompt_tokens_details').at(-1);
  const hit = membersOf(usage, 'prompt_cache_hit_tokens').at(-1);
  const told: ObjectTree = { kind: 'object', members: [], inner: '' };
  append(told, 'cached_tokens', cached);

  if (details === undefined) {
    append(usage, 'prompt_tokens_details', told);
  } else if (says(details.value) === null) {
    details.value = told;
  } else if (details.value.kind === 'object') {
    const inner = membersOf(details.value, 'cached_tokens').at(-1);
    if (inner === undefined) prepend(details.value, 'cached_tokens', cached);
    else if (says(inner.value) === null) inner.value = cached;
  }
  if (hit === undefined) append(usage, 'prompt_cache_hit_tokens', cached);
  else if (says(hit.value) === null) hit.value = cached;
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
