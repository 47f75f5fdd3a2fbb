/** Keeps the program of the page on a crew's phone, so that it opens without reception. */

/** Ask the browser to keep the page's files and what was noted. Where it can't, the page works as long as it is open. */
export async function keepShell(): Promise<void> {
  try {
    await navigator.storage?.persist?.();
    if ('serviceWorker' in navigator && !import.meta.env.DEV)
      await navigator.serviceWorker.register('/sw.js');
  } catch (error) {
    console.warn(`This browser does not keep the page for when there is no reception: ${String(error)}`);
  }
}
