/** The signs of a rider's states. */

import BusFront from '@lucide/svelte/icons/bus-front';
import Circle from '@lucide/svelte/icons/circle';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import HandHeart from '@lucide/svelte/icons/hand-heart';
import House from '@lucide/svelte/icons/house';
import UserX from '@lucide/svelte/icons/user-x';
import type { Tone } from '../model/notice.ts';
import type { RiderState } from '../model/trip.ts';

export const RIDER_ICONS: Record<RiderState, typeof Circle> = {
  expected: Circle,
  aboard: BusFront,
  alighted: CircleCheck,
  handed_over: HandHeart,
  absent: House,
  no_show: UserX,
};

export const RIDER_TONES: Record<RiderState, Tone> = {
  expected: 'quiet',
  aboard: 'ok',
  alighted: 'quiet',
  handed_over: 'quiet',
  absent: 'quiet',
  no_show: 'watch',
};
