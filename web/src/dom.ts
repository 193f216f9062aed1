/** The elements of the page, found once and for all by their id. */

type Maker<T extends HTMLElement> = new () => T;

/** The element of an id; an element that is missing or of another kind is our own mistake. */
export function byId<T extends HTMLElement = HTMLElement>(id: string, kind?: Maker<T>): T {
  const element = document.getElementById(id);
  if (!element || !(element instanceof (kind ?? HTMLElement))) throw new Error(`no ${kind?.name ?? "element"} #${id}`);
  return element as T;
}

export function show(element: HTMLElement, isShown: boolean): void {
  element.hidden = !isShown;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  with_: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), with_);
  element.append(...children);
  return element;
}
