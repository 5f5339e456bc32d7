// Keeps the newest text in view, unless the reader has scrolled up.

/** How far from the end counts as at the end. */
const NEAR_PIXELS = 32;

/**
 * @param {HTMLElement} scroller
 * @param {HTMLElement} content - what grows in it.
 * @param {HTMLElement} latest - the button that leads back to the end.
 * @returns {{ toEnd: () => void }}
 */
export function followEnd(scroller, content, latest) {
  let following = false;
  let lastTop = 0;

  const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const toEnd = () => {
    following = true;
    scroller.scrollTop = scroller.scrollHeight;
    // Not in the scroll event alone: content that shrinks and grows again before it looks like scrolling up.
    lastTop = scroller.scrollTop;
    latest.hidden = true;
  };

  scroller.addEventListener(
    'scroll',
    () => {
      // Only scrolling up ends it: content that shrinks (reasoning that folds away) moves the
      // position too, and so does following itself.
      if (distance() <= NEAR_PIXELS) following = true;
      else if (scroller.scrollTop < lastTop) following = false;
      lastTop = scroller.scrollTop;
      latest.hidden = following;
    },
    { passive: true },
  );
  const observer = new ResizeObserver(() => {
    if (following) toEnd();
  });
  observer.observe(content);
  observer.observe(scroller);
  latest.addEventListener('click', toEnd);
  return { toEnd };
}
