import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../../src/upstream/gate/fair-queue.ts';

function queueOf(...items: string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  // The client is the item's first letter.
  for (const item of items) queue.push(item.slice(0, 1), item);
  return queue;
}

function drain(queue: FairQueue<string>): string[] {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

describe('FairQueue', () => {
  it('serves one client in the order of arrival', () => {
    expect(drain(queueOf('a1', 'a2', 'a3'))).toEqual(['a1', 'a2', 'a3']);
  });

  it('serves clients in turn, however many items one has', () => {
    expect(drain(queueOf('a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'c2'))).toEqual([
      'a1',
      'b1',
      'c1',
      'a2',
      'c2',
      'a3',
      'a4',
    ]);
  });

  it('gives a client that comes later the next turn after the clients that wait', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1');
    expect(queue.shift()).toBe('a1');
    queue.push('c', 'c1');
    expect(drain(queue)).toEqual(['b1', 'a2', 'c1', 'a3']);
  });

  it('serves the front first, in its own order', () => {
    const queue = queueOf('a1', 'b1');
    queue.pushFront('z1');
    queue.pushFront('z2');
    expect(drain(queue)).toEqual(['z1', 'z2', 'a1', 'b1']);
  });

  it('forgets an item that leaves, at any place, and its client with the last one', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1');
    queue.pushFront('z1');
    queue.delete('a', 'a2');
    queue.delete('b', 'b1');
    queue.delete('z', 'z1');
    queue.delete('b', 'b1');
    queue.delete('q', 'never there');
    expect(queue.size).toBe(2);
    expect(drain(queue)).toEqual(['a1', 'a3']);
    expect(queue.size).toBe(0);
  });

  it('counts the items that are served before a new one', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1');
    expect([queue.aheadOf('a'), queue.aheadOf('b'), queue.aheadOf('c')]).toEqual([4, 3, 2]);
    queue.pushFront('z1');
    expect(queue.aheadOf('c')).toBe(3);
  });

  it('keeps its order with a thousand items that come and leave', () => {
    const queue = new FairQueue<number>();
    for (let item = 0; item < 1_000; item++) queue.push('a', item);
    for (let item = 0; item < 1_000; item += 2) queue.delete('a', item);
    for (let item = 1; item < 1_000; item += 2) expect(queue.shift()).toBe(item);
    expect(queue.shift()).toBeUndefined();
  });
});
