/** Sounds while something calls for a person. A browser lets a page sound only after a tap, so the page says when it may not. */

const KEPT_AS = 'sixfixed.siren';
/** Two tones, and again: short enough to speak between, often enough not to be missed. */
const TONES_HZ = [880, 660, 880];
const TONE_S = 0.22;
const EVERY_MS = 4000;
const LOUDNESS = 0.25;

export type SirenState = 'on' | 'off' | 'blocked';
/** What of the browser's sound is used. */
export type Sounding = Pick<
  AudioContext,
  'state' | 'currentTime' | 'destination' | 'resume' | 'close' | 'createOscillator' | 'createGain'
>;
type Kept = Pick<Storage, 'getItem' | 'setItem'>;

export class Siren {
  #wanted: boolean = $state(true);
  #allowed: boolean = $state(false);
  #ringing: boolean = $state(false);
  readonly state: SirenState = $derived(!this.#wanted ? 'off' : this.#allowed ? 'on' : 'blocked');
  #sound: Sounding | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly makeSound: () => Sounding = () => new AudioContext(),
    private readonly store: Kept | null = deviceStore(),
    private readonly every_ms = EVERY_MS,
  ) {
    this.#wanted = read(store) !== 'off';
    // Who signed in a moment ago has touched the page already.
    if (globalThis.navigator?.userActivation?.hasBeenActive) void this.touched();
  }

  get ringing(): boolean {
    return this.#ringing;
  }

  /** Somebody touched the page: from now on it may sound. */
  async touched(): Promise<void> {
    if (this.#allowed) return;
    try {
      this.#sound ??= this.makeSound();
      if (this.#sound.state !== 'running') await this.#sound.resume();
      this.#allowed = this.#sound.state === 'running';
      if (this.#ringing) this.#once();
    } catch {
      // A device without sound: the band is seen all the same, and the button goes on saying that nothing sounds.
      this.#allowed = false;
    }
  }

  /** The button: off when it is on, else on. */
  async toggle(): Promise<void> {
    this.#wanted = this.state !== 'on';
    try {
      this.store?.setItem(KEPT_AS, this.#wanted ? 'on' : 'off');
    } catch {
      // Then it holds until the page is closed.
    }
    if (!this.#wanted) return;
    await this.touched();
    if (!this.#ringing) this.#once();
  }

  /** Whether something calls: it sounds at once and again until nothing does. */
  ring(yes: boolean): void {
    if (yes === this.#ringing) return;
    this.#ringing = yes;
    clearInterval(this.#timer);
    if (!yes) return;
    this.#once();
    this.#timer = setInterval(() => this.#once(), this.every_ms);
  }

  #once(): void {
    const sound = this.#sound;
    if (!sound || this.state !== 'on') return;
    TONES_HZ.forEach((hertz, index) => {
      const from = sound.currentTime + index * TONE_S;
      const tone = sound.createOscillator();
      const loudness = sound.createGain();
      tone.frequency.value = hertz;
      // Up and down in a breath: a tone that is cut clicks.
      loudness.gain.setValueAtTime(0, from);
      loudness.gain.linearRampToValueAtTime(LOUDNESS, from + 0.02);
      loudness.gain.linearRampToValueAtTime(0, from + TONE_S);
      tone.connect(loudness).connect(sound.destination);
      tone.start(from);
      tone.stop(from + TONE_S);
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#ringing = false;
    void this.#sound?.close();
    this.#sound = null;
    this.#allowed = false;
  }
}

function deviceStore(): Kept | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function read(store: Kept | null): string | null {
  try {
    return store?.getItem(KEPT_AS) ?? null;
  } catch {
    return null;
  }
}
