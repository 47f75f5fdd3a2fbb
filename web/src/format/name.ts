/** Says names in small places. */

/** The one letter of a round picture: of a Chinese name the last character (小雨 is 雨), of another the first letter. */
export function initial(name: string): string {
  const letters = [...name.trim()];
  const last = letters.at(-1) ?? '';
  return /\p{Script=Han}/u.test(last) ? last : (letters[0] ?? '·').toUpperCase();
}

/** Parts side by side with a dot between, of those that there are. */
export function dotted(...parts: readonly (string | number | null | undefined)[]): string {
  return parts.filter((part) => part !== null && part !== undefined && part !== '').join(' · ');
}
