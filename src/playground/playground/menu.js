// Menus that drop down from a button: a <details>, which closes when the visitor turns elsewhere.

/** Makes all menus of the page close on Esc, on a click elsewhere and when the focus leaves them. */
export function closeMenus() {
  for (const menu of document.querySelectorAll('details.menu')) {
    if (!(menu instanceof HTMLDetailsElement)) continue;
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return;
      // Esc also stops an answer.
      event.stopPropagation();
      menu.open = false;
      menu.querySelector('summary')?.focus();
    });
    menu.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
    });
    document.addEventListener('click', ({ target }) => {
      if (target instanceof Node && !menu.contains(target)) menu.open = false;
    });
  }
}

/** @param {Element} node - within a menu, which closes. */
export function closeMenuOf(node) {
  const menu = node.closest('details.menu');
  if (menu instanceof HTMLDetailsElement) menu.open = false;
}
