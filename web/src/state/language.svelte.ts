/** The language of the page: the reader's choice on this device, else the account's, else the browser's. */

import type { Language } from '../model/person.ts';
import { LOCALES, sayFrom, sayIn, type Key, type PageWords, type Values } from '../words/say.ts';

const KEPT_AS = 'sixfixed.language';

function browsers(): Language {
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

function kept(): Language | null {
  try {
    const value = localStorage.getItem(KEPT_AS);
    return value === 'zh' || value === 'en' ? value : null;
  } catch {
    // A browser that forbids storage still shows the page.
    return null;
  }
}

export class Tongue {
  #chosen: Language | null = $state(kept());
  #fallback: Language = $state(browsers());

  readonly language: Language = $derived(this.#chosen ?? this.#fallback);
  readonly locale: string = $derived(LOCALES[this.language]);

  /** The account's language, for a device on which nobody has chosen. */
  suggest(language: Language | null): void {
    if (language) this.#fallback = language;
  }

  choose(language: Language): void {
    this.#chosen = language;
    try {
      localStorage.setItem(KEPT_AS, language);
    } catch {
      // Then it holds until the page is closed.
    }
  }

  /** Say a message in the page's language. */
  say = (key: Key, values?: Values): string => sayIn(this.language, key, values);

  /** Say messages that came with one page. */
  sayOf =
    <K extends string>(words: PageWords<K>) =>
    (key: K, values?: Values): string =>
      sayFrom(words, this.language, key, values);
}
