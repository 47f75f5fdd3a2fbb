/** Says names in small places. */

/** The one letter of a round picture: of a Chinese name the last character (小雨 is 雨), of another the first letter. */
export function initial(name: string): string {
  const letters = [...name.trim()];
  const last = letters.at(-1) ?? '';
  return /\p{Script=Han}/u.test(last) ? last : (letters[0] ?? '·').toUpperCase();
}
