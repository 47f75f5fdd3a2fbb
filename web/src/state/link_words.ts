/** Says that the live line is down, and what that means for what is shown. */

import { clockTime } from '../format/time.ts';
import type { Say } from '../words/say.ts';
import { POLL_MS, type Link } from './line.svelte.ts';

/** One sentence; null when the line is good. */
export function linkWords(link: Link, say: Say): string | null {
  if (link.kind === 'offline') return say('link.offline', { time: clockTime(link.since) });
  return link.kind === 'polled' ? say('link.polled', { seconds: POLL_MS / 1000 }) : null;
}
