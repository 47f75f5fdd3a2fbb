/** The signs of a board row's states. */

import BusFront from '@lucide/svelte/icons/bus-front';
import CalendarX from '@lucide/svelte/icons/calendar-x';
import CircleAlert from '@lucide/svelte/icons/circle-alert';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleHelp from '@lucide/svelte/icons/circle-question-mark';
import Clock from '@lucide/svelte/icons/clock';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import WifiOff from '@lucide/svelte/icons/wifi-off';
import type { BoardState } from '../model/board.ts';

export const STATE_ICONS: Record<BoardState, typeof Clock> = {
  cancelled: CalendarX,
  missed: CircleAlert,
  differ: TriangleAlert,
  ask: CircleHelp,
  done: CircleCheck,
  not_started: CircleAlert,
  silent: WifiOff,
  late: Clock,
  on_time: BusFront,
  planned: Clock,
};
