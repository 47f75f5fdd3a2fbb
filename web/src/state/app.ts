/** The state that every page may use, handed down from the top and never imported as a global. */

import { getContext, setContext } from 'svelte';
import type { Clock } from './clock.svelte.ts';
import type { Tongue } from './language.svelte.ts';
import type { Session } from './session.svelte.ts';

export type App = { readonly clock: Clock; readonly tongue: Tongue; readonly session: Session };

const KEY = Symbol('app');

export function provideApp(app: App): App {
  return setContext(KEY, app);
}

/** The app's state; only while a component is made. */
export function useApp(): App {
  return getContext<App>(KEY);
}
