// A queue that is fair between clients: round-robin between them, first come first served
// within one. Adding, taking and removing an item is O(1): a thousand may wait.

export class FairQueue<Item> {
  /** By client, in the order in which clients have their next turn. A Set keeps its order and deletes in O(1). */
  readonly #clients = new Map<string, Set<Item>>();
  /** Served before all others. */
  readonly #front = new Set<Item>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an item behind the others of its client. */
  push(client: string, item: Item): void {
    const items = this.#clients.get(client);
    if (items === undefined) this.#clients.set(client, new Set([item]));
    else items.add(item);
    this.#size++;
  }

  /** Adds an item before all clients' turns, behind others that were added so. */
  pushFront(item: Item): void {
    this.#front.add(item);
    this.#size++;
  }

  /** Takes the next item out; undefined: the queue is empty. */
  shift(): Item | undefined {
    const [urgent] = this.#front;
    if (urgent !== undefined) {
      this.#front.delete(urgent);
      this.#size--;
      return urgent;
    }
    const [next] = this.#clients;
    if (next === undefined) return undefined;
    const [client, items] = next;
    const [item] = items;
    if (item === undefined) return undefined;
    items.delete(item);
    this.#clients.delete(client);
    if (items.size > 0) this.#clients.set(client, items);
    this.#size--;
    return item;
  }

  /** Takes an item out, wherever it is. */
  delete(client: string, item: Item): void {
    if (this.#front.delete(item)) {
      this.#size--;
      return;
    }
    const items = this.#clients.get(client);
    if (items?.delete(item) !== true) return;
    this.#size--;
    if (items.size === 0) this.#clients.delete(client);
  }

  /** @returns how many items of this client wait for its turns. */
  countOf(client: string): number {
    return this.#clients.get(client)?.size ?? 0;
  }

  /** @returns how many items are served before one that this client adds now; new clients aside. */
  aheadOf(client: string): number {
    const own = this.countOf(client);
    let ahead = this.#front.size + own;
    for (const [other, items] of this.#clients) {
      if (other !== client) ahead += Math.min(items.size, own + 1);
    }
    return ahead;
  }
}
