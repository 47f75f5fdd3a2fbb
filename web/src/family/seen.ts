/** Says when something on the page has been looked at: in sight, on a page that is in front, for long enough to read a line. */

import type { Attachment } from 'svelte/attachments';

const LOOK_MS = 1500;

/** Call `seen` once the element has been in sight for a look; leave it alone before, and after. */
export function whenSeen(seen: () => void, look_ms = LOOK_MS): Attachment<Element> {
  return (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = new IntersectionObserver(
      ([entry]) => {
        clearTimeout(timer);
        if (entry?.isIntersecting)
          timer = setTimeout(() => {
            if (document.visibilityState === 'visible') seen();
          }, look_ms);
      },
      { threshold: 0.8 },
    );
    watch.observe(element);
    return () => {
      clearTimeout(timer);
      watch.disconnect();
    };
  };
}
