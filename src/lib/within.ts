// A bound on how long something may be waited for.

/**
 * @param work - goes on after the deadline; only the waiting ends.
 * @throws a `TimeoutError` (DOMException) after `ms`, or what `work` throws.
 */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(`no answer in ${ms} ms`, 'TimeoutError')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
