/** Asks the browser for a subscription and hands it to the server; asked for only where a person turned it on. */

import type { Http } from './http.ts';
import { config, endPush, keepNote, keptNote, subscribed } from './push_browser.ts';

const WORKER = '/sw.js';

function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const plain = atob(key.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function isBoundTo(subscription: PushSubscription, key: Uint8Array): boolean {
  const bound = subscription.options.applicationServerKey;
  if (!bound) return true;
  const bytes = new Uint8Array(bound);
  return bytes.length === key.length && bytes.every((byte, index) => byte === key[index]);
}

/** Register the worker that shows pushes and keeps the page. */
export async function ensureWorker(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register(WORKER);
  return navigator.serviceWorker.ready;
}

/** Subscribe this browser for a user, or renew what it has. Throws what the browser or the server says. */
export async function subscribe(http: Http, user: string, lang: string): Promise<void> {
  const [registration, { push_key }] = await Promise.all([ensureWorker(), http.get(config, '/config')]);
  const key = bytesOf(push_key);
  let subscription = await registration.pushManager.getSubscription();
  if (subscription && !isBoundTo(subscription, key)) {
    // The server's key was made anew: what is bound to the old one reaches nobody.
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: key,
  });
  const { endpoint, keys } = subscription.toJSON();
  const { id } = await http.put(subscribed, '/push-subscription', { endpoint, keys, lang });
  await keepNote({ to: id, user });
}

/** End this browser's subscription here and on the server. Throws Failure when the server could not be told; it then finds out by itself. */
export async function unsubscribe(http: Http): Promise<void> {
  const ended = await endPush();
  if (ended) await http.remove('/push-subscription', { endpoint: ended.endpoint });
}

/** Whether this browser is subscribed for this user. */
export async function isSubscribed(user: string): Promise<boolean> {
  const [registration, kept] = await Promise.all([navigator.serviceWorker.getRegistration('/'), keptNote()]);
  if (kept?.user !== user) return false;
  return ((await registration?.pushManager.getSubscription()) ?? null) !== null;
}
