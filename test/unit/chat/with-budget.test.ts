import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LeftFlight } from '../../../src/cache/flight-wire.ts';
import type { ChatRequest } from '../../../src/chat/request/chat-request.ts';
import { withBudget } from '../../../src/chat/with-budget.ts';
import { FLIGHT_SETTLES_MS } from '../../../src/config/limits.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import type { Reservation } from '../../../src/http/reservation.ts';

const PROMPT_TOKENS = 5;
const asked = {} as ChatRequest;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A call of a client with a budget. `after` is the work that outlives the request. */
function budgeted() {
  const settle = vi.fn<Reservation['settle']>(async () => ({}));
  const reservation = { promptTokens: PROMPT_TOKENS, settle } as unknown as Reservation;
  const reserve = vi.fn<() => Promise<Reservation>>(async () => reservation);
  const after: Promise<unknown>[] = [];
  const log = { attempts: 0 };
  const context = { reserve, log, waitUntil: (work: Promise<unknown>) => void after.push(work) };
  return { settle, reservation, after, log, context };
}

const fails = (error: unknown) => async (): Promise<never> => {
  throw error;
};
const stays = new AbortController().signal;
const left = AbortSignal.abort(new Error('The client has left.'));

describe('a call', () => {
  it('gets the reservation, and settles itself when it succeeds', async () => {
    const { context, reservation, settle } = budgeted();
    const call = vi.fn<(reservation: Reservation | null) => Promise<string>>(async () => 'answer');
    expect(await withBudget(asked, context, stays, call)).toBe('answer');
    expect(context.reserve).toHaveBeenCalledExactlyOnceWith(asked, stays);
    expect(call).toHaveBeenCalledExactlyOnceWith(reservation);
    expect(settle).not.toHaveBeenCalled();
  });

  it('gets null where the client has no budget', async () => {
    const { context } = budgeted();
    expect(await withBudget(asked, { ...context, reserve: null }, stays, async (none) => none)).toBeNull();
  });

  it('is not made when nothing could be reserved', async () => {
    const { context } = budgeted();
    const refused = new GatewayError('insufficient_quota');
    const call = vi.fn<() => Promise<void>>();
    const outcome = withBudget(asked, { ...context, reserve: fails(refused) }, stays, call);
    await expect(outcome).rejects.toBe(refused);
    expect(call).not.toHaveBeenCalled();
  });
});

describe('a failed call', () => {
  it.each([
    ['the prompt where StepFun may have begun', new GatewayError('upstream_timeout'), PROMPT_TOKENS],
    ['nothing where StepFun did nothing', new GatewayError('upstream_rejected'), 0],
    ['the prompt where the failure is unknown', new Error('a bug'), PROMPT_TOKENS],
  ])('costs %s', async (_, error, tokens) => {
    const { context, settle, log } = budgeted();
    log.attempts = 1;
    await expect(withBudget(asked, context, stays, fails(error))).rejects.toBe(error);
    expect(settle).toHaveBeenCalledExactlyOnceWith(tokens);
  });

  it.each([
    [0, 0],
    [1, PROMPT_TOKENS],
  ])('whose client left after %i attempts costs %i tokens', async (attempts, tokens) => {
    const { context, settle, log } = budgeted();
    log.attempts = attempts;
    await expect(withBudget(asked, context, left, fails(left.reason))).rejects.toBe(left.reason);
    expect(settle).toHaveBeenCalledExactlyOnceWith(tokens);
  });

  it('is thrown as it is where the client has no budget', async () => {
    const { context, after } = budgeted();
    const error = new LeftFlight(false, 'gone');
    await expect(withBudget(asked, { ...context, reserve: null }, left, fails(error))).rejects.toBe(error);
    expect(after).toEqual([]);
  });
});

describe('a client that left its flight', () => {
  it('is settled by the flight, and by the Worker with the estimate after FLIGHT_SETTLES_MS', async () => {
    const { context, settle, after } = budgeted();
    const error = new LeftFlight(false, 'gone');
    await expect(withBudget(asked, context, left, fails(error))).rejects.toBe(error);
    expect(after).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(FLIGHT_SETTLES_MS - 1);
    expect(settle).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(after);
    expect(settle).toHaveBeenCalledExactlyOnceWith(PROMPT_TOKENS);
  });

  it('is settled by the flight alone when it was a refresh, whose call goes on', async () => {
    const { context, settle, after } = budgeted();
    const error = new LeftFlight(true, 'late');
    await expect(withBudget(asked, context, left, fails(error))).rejects.toBe(error);
    expect(after).toEqual([]);
    expect(settle).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
