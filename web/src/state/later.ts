/** Parts of the page that come when they are needed, also when the server was away at that moment. */

const FIRST_MS = 1000;
const MOST_MS = 15_000;

/** Give what `load` gives; a part that can't be fetched now is asked for again until it comes, ever more rarely. */
export async function later<T>(load: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_MS; ; wait = Math.min(2 * wait, MOST_MS)) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
