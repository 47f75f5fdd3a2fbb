/** The signs of the kinds of finding: those that call a person have their own. */

import CircleAlert from '@lucide/svelte/icons/circle-alert';
import CarFront from '@lucide/svelte/icons/car-front';
import MapPinX from '@lucide/svelte/icons/map-pin-x';
import Siren from '@lucide/svelte/icons/siren';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import UserX from '@lucide/svelte/icons/user-x';
import UserRoundX from '@lucide/svelte/icons/user-round-x';
import Wine from '@lucide/svelte/icons/wine';
import ScanEye from '@lucide/svelte/icons/scan-eye';
import type { FindingKind } from '../model/finding.ts';

const ICONS: Partial<Record<FindingKind, typeof Siren>> = {
  sos: Siren,
  left_aboard: TriangleAlert,
  collision: CarFront,
  wrong_stop: MapPinX,
  wrong_bus: UserRoundX,
  no_show: UserX,
  rear_check_missing: ScanEye,
  alcohol: Wine,
};

export function findingIcon(kind: FindingKind): typeof Siren {
  return ICONS[kind] ?? CircleAlert;
}
