// Stands in for workerd's module of that name, which Node does not have (vitest.config.ts).

export class DurableObject {
  readonly ctx: unknown;

  constructor(ctx: unknown) {
    this.ctx = ctx;
  }
}

export class RpcTarget {
  readonly isRpcTarget = true;
}
