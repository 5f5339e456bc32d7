// The tool calls of one choice, gathered from their pieces.
//
// OpenAI's clients gather the pieces of a call by its `index`, and take its id, type and
// name from its first piece. StepFun's pieces deviate: older models send no index, and
// the id later or never; newer ones repeat empty ids and types. So every piece is
// assigned to a call here, and then written as OpenAI writes it.

import { TOOL_CALLS_MAX } from '../config/limits.ts';
import { isObject, type JsonObject } from '../lib/json.ts';
import { setMember } from './members.ts';

export interface ToolCall {
  /** StepFun's id, or one made here where the call began without. */
  readonly id: string;
  /** The function's name; empty until a piece has it. */
  name: string;
  /** Filled in only where the answer is collected. */
  arguments: string;
  readonly type: string;
  /** The first index that StepFun gave, or null as long as it gave none. */
  upstreamIndex: number | null;
  /** The id that StepFun gave, or null as long as it gave none. */
  upstreamId: string | null;
  /** Whether its first piece had that id. */
  readonly beganWithId: boolean;
  /** Whether a piece of its arguments has come. */
  hasArguments: boolean;
}

/** One piece of a call, assigned to it. */
export interface ToolCallPiece {
  readonly call: ToolCall;
  /** Its index among the calls of its choice. */
  readonly index: number;
  readonly isFirst: boolean;
  /** The function's name, where no piece of the call had one before. */
  readonly name: string | null;
}

export class ToolCalls {
  readonly calls: ToolCall[] = [];
  /** By StepFun's id. */
  readonly #indexById = new Map<string, number>();
  /** By StepFun's index: the last call that used it. */
  readonly #indexByUpstreamIndex = new Map<number, number>();
  #open = -1;

  /**
   * Assigns a piece to its call.
   *
   * - A new id begins a new call, also under an index that was used before: but the first id
   *   for a call that began without one belongs to that call.
   * - A piece without id belongs to the last call under its index; without index, to the
   *   last call; and begins a new one where there is none.
   * - Another name begins a new call, unless the piece has the id of a call that is known. So
   *   does the same name behind arguments, where the last call began without an id: StepFun
   *   names a function on the first piece alone, and nothing else separates such calls.
   * @returns null when there are more calls than TOOL_CALLS_MAX.
   */
  assign(piece: JsonObject): ToolCallPiece | null {
    const id = nonEmptyString(piece['id']);
    const upstreamIndex = indexOf(piece['index']);
    const called = isObject(piece['function']) ? piece['function'] : {};
    const name = nonEmptyString(called['name']);

    const known = id === null ? undefined : this.#indexById.get(id);
    const candidate = this.#candidate(upstreamIndex);
    const open = this.calls[candidate];
    const isContinued =
      open !== undefined &&
      (id === null || open.upstreamId === null) &&
      (name === null || open.name === '' || (name === open.name && !isEnded(open)));
    const index = known ?? (isContinued ? candidate : this.calls.length);

    const isFirst = index === this.calls.length;
    if (isFirst) {
      if (this.calls.length === TOOL_CALLS_MAX) return null;
      this.calls.push({
        id: id ?? createToolCallId(),
        name: '',
        arguments: '',
        type: nonEmptyString(piece['type']) ?? 'function',
        upstreamIndex: null,
        upstreamId: null,
        beganWithId: id !== null,
        hasArguments: false,
      });
    }
    const call = this.calls[index]!;
    if (id !== null && call.upstreamId === null) {
      call.upstreamId = id;
      this.#indexById.set(id, index);
    }
    if (upstreamIndex !== null) {
      call.upstreamIndex ??= upstreamIndex;
      this.#indexByUpstreamIndex.set(upstreamIndex, index);
    }
    this.#open = index;
    if (nonEmptyString(called['arguments']) !== null) call.hasArguments = true;
    const firstName = call.name === '' ? name : null;
    if (firstName !== null) call.name = firstName;
    return { call, index, isFirst, name: firstName };
  }

  /** @returns the index of the call that a piece with this index of StepFun's may continue. */
  #candidate(upstreamIndex: number | null): number {
    if (upstreamIndex === null) return this.#open;
    const used = this.#indexByUpstreamIndex.get(upstreamIndex);
    if (used !== undefined) return used;
    return this.calls[this.#open]?.upstreamIndex === null ? this.#open : -1;
  }
}

/** Whether a piece that names the function again can't belong to this call. */
function isEnded({ beganWithId, hasArguments }: ToolCall): boolean {
  return !beganWithId && hasArguments;
}

/**
 * Writes a piece of a stream as OpenAI does: its index always; id, type and name on the
 * first piece alone. openai's `runTools` takes a later empty name for a change, the AI SDK
 * refuses an empty type, and openai's Python client joins repeated ids.
 * @param piece - is changed.
 * @returns whether anything changed.
 */
export function rewriteToolCallPiece(piece: JsonObject, assigned: ToolCallPiece): boolean {
  const { call, index, isFirst, name } = assigned;
  let changed = setMember(piece, 'index', index);
  changed = setMember(piece, 'id', isFirst ? call.id : undefined) || changed;
  changed = setMember(piece, 'type', isFirst ? call.type : undefined) || changed;
  const called = isObject(piece['function']) ? piece['function'] : null;
  if (called === null) {
    // The AI SDK demands a function on the first piece.
    if (isFirst) changed = setMember(piece, 'function', { name: '', arguments: '' }) || changed;
    return changed;
  }
  changed = setMember(called, 'name', name ?? (isFirst ? '' : undefined)) || changed;
  if (isFirst) changed = setMember(called, 'arguments', called['arguments'] ?? '') || changed;
  return changed;
}

/**
 * Gives each call of a completion the id and type that clients demand.
 * @param call - is changed.
 * @returns whether anything changed.
 */
export function completeToolCall(call: JsonObject): boolean {
  let changed = false;
  if (nonEmptyString(call['id']) === null) changed = setMember(call, 'id', createToolCallId());
  if (nonEmptyString(call['type']) === null) changed = setMember(call, 'type', 'function') || changed;
  return changed;
}

function createToolCallId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`;
}

function nonEmptyString(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function indexOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
