/** Places an element on a line of time from its style's own interface: the content security policy forbids style attributes. */

export type Place = Partial<Record<'left' | 'top' | 'width' | 'height', string>>;

/** A Svelte action: put these lengths on the element, again whenever they change. */
export function placed(element: HTMLElement, place: Place): { update: (place: Place) => void } {
  const update = (now: Place): void => {
    for (const [name, length] of Object.entries(now)) element.style.setProperty(name, length);
  };
  update(place);
  return { update };
}
