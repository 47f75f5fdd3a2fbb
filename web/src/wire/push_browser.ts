/**
 * What the browser knows of pushes: its subscription, and whom it is for. The page notes that for the service worker, which shows nothing
 * that is meant for anyone else; signing out forgets both before anything else happens.
 */

import * as v from 'valibot';
import { read } from './shapes.ts';

/** Where page and worker leave each other word; the worker's file has the same names. */
const NOTE_CACHE = 'push-note';
const NOTE_AT = '/push-note';
/** A browser whose push service is away takes its time to end a subscription; signing out doesn't wait for that. */
const PATIENCE_MS = 3000;

export const note = v.object({ to: v.string(), user: v.string() });
export type Note = v.InferOutput<typeof note>;

export const config = v.object({ push_key: v.string() });
export const subscribed = v.object({ id: v.string() });

const shown = v.object({ kind: v.literal('show'), child: v.string() });

/** Whom this browser's subscription is for; null when nobody asked for one. */
export async function keptNote(): Promise<Note | null> {
  const kept = await (await caches.open(NOTE_CACHE)).match(NOTE_AT);
  return kept ? read(note, await kept.json().catch(() => null)) : null;
}

export async function keepNote(words: Note): Promise<void> {
  const body = new Response(JSON.stringify(words), { headers: { 'Content-Type': 'application/json' } });
  await (await caches.open(NOTE_CACHE)).put(NOTE_AT, body);
}

/** End this browser's subscription, and take away what is on the screen. What can't be asked of the browser was never there. */
export async function endPush(): Promise<PushSubscription | null> {
  if (!('caches' in globalThis) || !('navigator' in globalThis && 'serviceWorker' in navigator)) return null;
  try {
    // First: from here on the worker shows nothing, whatever is still on its way.
    await caches.delete(NOTE_CACHE);
    const registration = await navigator.serviceWorker.getRegistration('/');
    if (!registration) return null;
    for (const notification of await registration.getNotifications()) notification.close();
    const subscription = (await registration.pushManager?.getSubscription()) ?? null;
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    if (subscription) await Promise.race([subscription.unsubscribe(), late]);
    return subscription;
  } catch {
    return null;
  }
}

/** Hear which child a touched notification is about: by the address that it opened, or from the worker. Give the way to end it. */
export function hearTouched(choose: (child: string) => void): () => void {
  const hash = 'location' in globalThis ? location.hash : '';
  const touched = /^#child=([\w-]{1,64})$/.exec(hash)?.[1];
  if (touched) {
    history.replaceState(history.state, '', location.pathname);
    choose(touched);
  }
  const worker = 'navigator' in globalThis && 'serviceWorker' in navigator ? navigator.serviceWorker : null;
  const hear = (event: MessageEvent): void => {
    const said = read(shown, event.data);
    if (said) choose(said.child);
  };
  worker?.addEventListener('message', hear);
  return () => worker?.removeEventListener('message', hear);
}
