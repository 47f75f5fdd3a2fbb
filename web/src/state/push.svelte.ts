/** Whether this phone is told when the page is closed, and the way to change it. */

import type { Failure } from '../model/failure.ts';
import type { Language, User } from '../model/person.ts';
import type { Http } from '../wire/http.ts';
import { ensureWorker, isSubscribed, subscribe, unsubscribe } from '../wire/push.ts';
import { endPush, keptNote } from '../wire/push_browser.ts';

/** `home_screen`: an iPhone offers it only to a page that was put on its home screen. `insecure`: no browser does without TLS. */
export type PushState = 'asking' | 'off' | 'on' | 'denied' | 'unsupported' | 'home_screen' | 'insecure';
/** Why turning it on failed: the browser's own push service, or ours. */
export type PushProblem = 'service' | 'server' | null;

/** What a browser offers, taken as a value so that every kind of it can be tested. */
export type Offer = {
  readonly secure: boolean;
  readonly worker: boolean;
  readonly push: boolean;
  readonly ios: boolean;
  readonly permission: NotificationPermission | null;
};

export function browserOffers(): Offer {
  const { userAgent, maxTouchPoints } = navigator;
  return {
    secure: isSecureContext,
    worker: 'serviceWorker' in navigator,
    push: 'PushManager' in window && 'Notification' in window,
    // An iPad says that it is a Mac, but no Mac has a touch screen.
    ios: /iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1),
    permission: 'Notification' in window ? Notification.permission : null,
  };
}

/** What stands in the way, if anything. */
export function obstacle(offer: Offer): PushState | null {
  if (!offer.secure) return 'insecure';
  if (!offer.worker || !offer.push) return offer.ios ? 'home_screen' : 'unsupported';
  return offer.permission === 'denied' ? 'denied' : null;
}

export class Push {
  state: PushState = $state('asking');
  busy = $state(false);
  problem: PushProblem = $state(null);

  constructor(
    private readonly http: Http,
    private readonly user: Pick<User, 'id'>,
    private readonly offers: () => Offer = browserOffers,
  ) {}

  async look(): Promise<void> {
    this.state =
      obstacle(this.offers()) ?? ((await isSubscribed(this.user.id).catch(() => false)) ? 'on' : 'off');
  }

  /** Turn it on: asks the person for leave, so only ever by their touch. */
  async turnOn(lang: Language): Promise<void> {
    await this.#change(async () => {
      // Before anything that takes time: some browsers ask only straight after a touch.
      const leave = await Notification.requestPermission();
      if (leave === 'granted') await subscribe(this.http, this.user.id, lang);
    });
  }

  async turnOff(): Promise<void> {
    await this.#change(() => unsubscribe(this.http));
  }

  async #change(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      await work();
    } catch (failure) {
      this.problem = isFailure(failure) ? 'server' : 'service';
    } finally {
      await this.look();
      this.busy = false;
    }
  }
}

function isFailure(failure: unknown): failure is Failure {
  return failure instanceof Error && 'kind' in failure;
}

/**
 * Once somebody has signed in: what this browser was subscribed for goes on under the new session and in the page's language, or ends where
 * it was for somebody else. A guardian's page is kept on the phone too. Fails in silence: the page works without.
 */
export async function keepPush(http: Http, user: User, lang: Language): Promise<void> {
  if (obstacle(browserOffers()) !== null || import.meta.env.DEV) return;
  try {
    const kept = await keptNote();
    if (kept && kept.user !== user.id) await endPush();
    if (await isSubscribed(user.id)) await subscribe(http, user.id, lang);
    else if (user.role === 'guardian') await ensureWorker();
  } catch (error) {
    console.warn(
      `This browser's notices could not be renewed; they are tried again when the page opens: ${String(error)}`,
    );
  }
}
