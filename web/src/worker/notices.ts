/**
 * Shows what is pushed to this browser, opens the page where a notice is touched, and renews a subscription that the browser changed.
 *
 * It shows nothing unless the page noted that the one who is signed in here asked for it (push_browser.ts in wire): so after signing out a
 * message that was still on its way stays unseen.
 */

const NOTE_CACHE = 'push-note';
const NOTE_AT = '/push-note';
/** These stay on the screen until somebody has seen them. */
const URGENT: ReadonlySet<string> = new Set([
  'left_aboard',
  'wrong_stop',
  'wrong_bus',
  'no_show',
  'sos',
  'collision',
]);

type Note = { readonly to: string; readonly user: string };
type Message = {
  readonly id: string;
  readonly tag: string;
  readonly to: string;
  readonly kind: string;
  readonly title: string;
  readonly body: string;
  readonly lang: string;
  readonly at_ms: number;
  readonly child?: string;
};
type Extendable = Event & { waitUntil(work: Promise<unknown>): void };
type Pushed = Extendable & { readonly data: { json(): unknown } | null };
type Touched = Extendable & { readonly notification: Notification };
type Changed = Extendable & {
  readonly oldSubscription?: PushSubscription | null;
  readonly newSubscription?: PushSubscription | null;
};
type Tab = {
  readonly visibilityState: string;
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
};
type Worker = {
  addEventListener(kind: string, hear: (event: never) => void): void;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: object): Promise<readonly Tab[]>;
    openWindow(url: string): Promise<unknown>;
  };
};

/** Begin to hear the browser's events of pushes. */
export function hearPushes(worker: Worker): void {
  worker.addEventListener('push', (event: Pushed) => event.waitUntil(show(worker, messageOf(event))));
  worker.addEventListener('notificationclick', (event: Touched) => {
    event.notification.close();
    event.waitUntil(open(worker, event.notification));
  });
  worker.addEventListener('pushsubscriptionchange', (event: Changed) =>
    event.waitUntil(renew(worker, event)),
  );
}

function messageOf(event: Pushed): Message | null {
  try {
    const said = event.data?.json() as Partial<Message> | undefined;
    const whole = [said?.tag, said?.to, said?.title].every((word) => typeof word === 'string' && word !== '');
    return whole ? (said as Message) : null;
  } catch {
    // Not of our server, or of one that is newer than this worker.
    return null;
  }
}

async function noteKept(): Promise<Note | null> {
  const kept = await (await caches.open(NOTE_CACHE)).match(NOTE_AT);
  return kept ? ((await kept.json().catch(() => null)) as Note | null) : null;
}

async function show(worker: Worker, message: Message | null): Promise<void> {
  const note = await noteKept();
  if (!message || note?.to !== message.to) return;
  const options: NotificationOptions & { renotify: boolean; timestamp: number } = {
    body: message.body,
    lang: message.lang,
    // The notice's own: the same one again takes the place of what is shown, without a sound.
    tag: message.tag,
    renotify: false,
    timestamp: message.at_ms,
    icon: '/icon.svg',
    requireInteraction: URGENT.has(message.kind),
    data: { child: message.child ?? null },
  };
  await worker.registration.showNotification(message.title, options);
}

/** Bring the open page to the front, or open one, at the child that the notice is about. */
async function open(worker: Worker, notification: Notification): Promise<void> {
  const { child } = notification.data as { child: string | null };
  const tabs = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const tab = tabs.find((each) => each.visibilityState === 'visible') ?? tabs[0];
  if (!tab) {
    await worker.clients.openWindow(child ? `/#child=${encodeURIComponent(child)}` : '/');
    return;
  }
  if (child) tab.postMessage({ kind: 'show', child });
  await tab.focus();
}

/** The browser made its subscription anew: tell the server, if its owner is still signed in; else the page does when it opens again. */
async function renew(worker: Worker, event: Changed): Promise<void> {
  const note = await noteKept();
  if (!note) return;
  const [me, config] = await Promise.all([ask('GET', '/me'), ask('GET', '/config')]);
  const { user, csrf } = me as { user: { id: string; lang: string | null }; csrf: string };
  if (user.id !== note.user) return;
  const fresh =
    event.newSubscription ??
    (await worker.registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey:
        event.oldSubscription?.options.applicationServerKey ?? (config as { push_key: string }).push_key,
    }));
  const { endpoint, keys } = fresh.toJSON();
  const { id } = (await ask('PUT', '/push-subscription', csrf, { endpoint, keys, lang: user.lang })) as {
    id: string;
  };
  const words: Note = { to: id, user: note.user };
  await (await caches.open(NOTE_CACHE)).put(NOTE_AT, new Response(JSON.stringify(words)));
  const old = event.oldSubscription?.endpoint;
  if (old && old !== endpoint) await ask('DELETE', '/push-subscription', csrf, { endpoint: old });
}

async function ask(method: string, path: string, csrf?: string, body?: object): Promise<unknown> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    headers: csrf === undefined ? {} : { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${String(response.status)}`);
  return response.status === 204 ? null : response.json();
}
