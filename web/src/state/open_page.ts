/** Runs what a page knows while the page is open, and wakes it when the page is looked at again. */

import { onMount } from 'svelte';

type Lasting = {
  start: () => unknown;
  stop: () => void;
  woken: () => void;
  /** The page is about to be put away. */
  sleeping?: () => void;
};

/** Start it with the component that calls this, and stop it with it; only while a component is made. */
export function openPage(state: Lasting): void {
  onMount(() => {
    void state.start();
    const turned = (): void => {
      if (document.visibilityState === 'visible') state.woken();
      else state.sleeping?.();
    };
    const online = (): void => state.woken();
    document.addEventListener('visibilitychange', turned);
    window.addEventListener('online', online);
    return () => {
      document.removeEventListener('visibilitychange', turned);
      window.removeEventListener('online', online);
      state.stop();
    };
  });
}
