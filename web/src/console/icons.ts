/** The signs of what a trip needs, and of the six verdicts' values. */

import Ban from '@lucide/svelte/icons/ban';
import BusFront from '@lucide/svelte/icons/bus-front';
import Check from '@lucide/svelte/icons/check';
import CircleAlert from '@lucide/svelte/icons/circle-alert';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleHelp from '@lucide/svelte/icons/circle-question-mark';
import CircleX from '@lucide/svelte/icons/circle-x';
import Clock from '@lucide/svelte/icons/clock';
import DoorOpen from '@lucide/svelte/icons/door-open';
import Siren from '@lucide/svelte/icons/siren';
import Timer from '@lucide/svelte/icons/timer';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import WifiOff from '@lucide/svelte/icons/wifi-off';
import X from '@lucide/svelte/icons/x';
import type { Need } from '../model/need.ts';
import type { Verdict } from '../model/staff_trip.ts';

export const NEED_ICONS: Record<Need, typeof Clock> = {
  sos: Siren,
  left_aboard: TriangleAlert,
  calling: TriangleAlert,
  found: CircleAlert,
  missed: CircleX,
  missed_before: CircleX,
  not_started: CircleAlert,
  silent: WifiOff,
  late: Timer,
  not_closed: DoorOpen,
  running: BusFront,
  waiting: Clock,
  done: CircleCheck,
  cancelled: Ban,
};

export const VERDICT_ICONS: Record<Verdict['value'], typeof Clock> = {
  pass: Check,
  fail: X,
  excused: CircleCheck,
  unknown: CircleHelp,
};
