// Makes and finds elements. Text goes in as text; nothing here reads markup.

/** @typedef {string | number | boolean | null | undefined | ((event: Event) => void)} Property */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Property>} [properties] - attributes, and listeners as functions under the
 *   name of their event. `true` sets an attribute without value; `false` and `null` leave it out.
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children);
  return element;
}

/**
 * @template {Element} T
 * @param {string} id
 * @param {abstract new (...args: never[]) => T} kind
 * @returns {T} the element of index.html that has this id and kind.
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html lacks #${id}`);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} name - of a symbol in index.html.
 * @returns {SVGElement} hidden from screen readers: the button has words.
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * @param {string} label
 * @param {string} iconName
 * @param {(event: Event) => void} click
 */
export function action(label, iconName, click) {
  return h('button', { type: 'button', class: 'action', click }, icon(iconName), h('span', {}, label));
}

/**
 * @param {() => string} text
 * @returns {HTMLButtonElement} copies the text, and tells so.
 */
export function copyAction(text) {
  const label = h('span', {}, 'Copy');
  const copy = async () => {
    label.textContent = await copyText(text());
    setTimeout(() => (label.textContent = 'Copy'), 1600);
  };
  return h('button', { type: 'button', class: 'action', click: () => void copy() }, icon('copy'), label);
}

/**
 * @param {string} text - goes to the clipboard.
 * @returns {Promise<string>} what came of it, announced already.
 */
export async function copyText(text) {
  const words = await navigator.clipboard.writeText(text).then(
    () => 'Copied',
    () => 'Not allowed',
  );
  announce(words);
  return words;
}

/** @param {string} words - for screen readers. */
export function announce(words) {
  byId('status', HTMLElement).textContent = words;
}

/** @param {HTMLDialogElement} dialog - a click beside it closes it. */
export function closeOnBackdrop(dialog) {
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/**
 * @param {string} href - of a stylesheet.
 * @returns {Promise<void>} resolves when it applies, or can't be loaded.
 */
export function loadStyles(href) {
  if (document.querySelector(`link[href="${href}"]`) !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => resolve();
    document.head.append(h('link', { rel: 'stylesheet', href, load: done, error: done }));
  });
}
