/**
 * Opens the page without reception, and shows what is pushed: keeps the built files, and nothing else. What it fetches for the page is never of
 * /api or the socket, so nothing personal is in it (pushes are in notices.ts).
 * A new version is fetched whole beside the old one and takes over when no page of the old one is open; until then the newest page comes from the network.
 */

/** The build puts what the shell is made of here. */
declare const SHELL_FILES: readonly string[];
declare const SHELL_VERSION: string;

import { hearPushes } from './notices.ts';

type Extendable = Event & { waitUntil(work: Promise<unknown>): void };
type Fetching = Extendable & { readonly request: Request; respondWith(answer: Promise<Response>): void };
type Shell = {
  addEventListener(kind: string, hear: (event: never) => void): void;
  readonly location: Location;
};

const worker = self as unknown as Shell;
const CACHE = `shell-${SHELL_VERSION}`;
/** A line that takes longer than this to give the page is as good as none. */
const PATIENCE_MS = 4000;

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL_FILES.map((file) => new Request(file, { cache: 'reload' })));
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith('shell-') && name !== CACHE).map((name) => caches.delete(name)),
  );
}

/** The page: the newest when it comes in time, else the kept one. */
async function page(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.ok) return response;
    return (await kept('/')) ?? response;
  } catch (error) {
    const response = await kept('/');
    if (response) return response;
    throw error;
  }
}

/** A file whose name holds its digest: the kept one is the right one. */
async function file(request: Request): Promise<Response> {
  return (await kept(request)) ?? fetch(request);
}

async function kept(request: Request | string): Promise<Response | undefined> {
  const cache = await caches.open(CACHE);
  return cache.match(request, { ignoreVary: true });
}

worker.addEventListener('install', (event: Extendable) => event.waitUntil(install()));
worker.addEventListener('activate', (event: Extendable) => event.waitUntil(activate()));
worker.addEventListener('fetch', (event: Fetching) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return;
  if (request.mode === 'navigate' && url.pathname === '/') event.respondWith(page(request));
  else if (SHELL_FILES.includes(url.pathname) && url.pathname !== '/') event.respondWith(file(request));
});
hearPushes(self as never);
