/** The signs that stand beside words on the family page. */

import ArrowRightLeft from '@lucide/svelte/icons/arrow-right-left';
import BellRing from '@lucide/svelte/icons/bell-ring';
import Bus from '@lucide/svelte/icons/bus';
import CalendarX from '@lucide/svelte/icons/calendar-x';
import CircleAlert from '@lucide/svelte/icons/circle-alert';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import Clock from '@lucide/svelte/icons/clock';
import Footprints from '@lucide/svelte/icons/footprints';
import HandHeart from '@lucide/svelte/icons/hand-heart';
import House from '@lucide/svelte/icons/house';
import MessageSquare from '@lucide/svelte/icons/message-square';
import Minus from '@lucide/svelte/icons/minus';
import School from '@lucide/svelte/icons/school';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import UserX from '@lucide/svelte/icons/user-x';
import type { Badge } from '../model/badge.ts';
import type { NoticeKind } from '../model/notice.ts';

export const BADGE_ICONS: Record<Badge, typeof Bus> = {
  later: Clock,
  waiting: Clock,
  aboard: Bus,
  at_school: School,
  off: Footprints,
  handed_over: HandHeart,
  absent: House,
  not_recorded: CircleAlert,
  no_show: UserX,
  none: Minus,
};

export const NOTICE_ICONS: Record<NoticeKind, typeof Bus> = {
  approaching: BellRing,
  boarded: Bus,
  alighted: Footprints,
  arrived: School,
  handed_over: HandHeart,
  absent: House,
  no_show: UserX,
  not_started: Clock,
  late: Clock,
  substituted: ArrowRightLeft,
  cancelled: CalendarX,
  left_aboard: TriangleAlert,
  wrong_stop: TriangleAlert,
  wrong_bus: TriangleAlert,
  correction: CircleCheck,
  message: MessageSquare,
};
