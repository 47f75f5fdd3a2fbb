/** Another object as it is named inside one: by id, code and name. */

export type Named = { readonly id: string; readonly code: string; readonly name: string };

/**
 * The number that people call a bus by: the digits that its fleet code ends in ("ZW-0017" is 17); null when there are none, or more
 * than four of them, which is a plate or a serial and no number anybody says.
 */
export function fleetNumber(bus: Named): number | null {
  const digits = /(?:^|\D)0*(\d{1,4})$/.exec(bus.code)?.[1];
  return digits === undefined ? null : Number(digits);
}
