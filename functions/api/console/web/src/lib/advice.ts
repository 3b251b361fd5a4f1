import { rules, type Advice } from './advicetable'

/** Fault is a step's last result that is an error. */
export interface Fault {
  code: string
  message: string
}

const byCode: [RegExp, Advice][] = [
  [
    /^4\.03$/,
    {
      meaning: 'The device was refused for good: it does not try again until it is restarted or reset.',
      todo: ['Look at the issuance audit below, and at the enrollment group: is it there and enabled?'],
      where: 'group',
    },
  ],
  [
    /^4\.04$/,
    {
      meaning: 'Something the device needs is not there: its enrollment group or its hub.',
      todo: ['See that the enrollment group exists and names a hub that exists.'],
      where: 'group',
    },
  ],
  [
    /^4\./,
    {
      meaning: 'The service did not understand the device.',
      todo: ['Compare what the device sends with the protocol: this is decided in its firmware.'],
      where: 'device',
    },
  ],
  [
    /^5\./,
    {
      meaning: 'A part that the service needs did not answer.',
      todo: ['Test the hub’s connection.', 'Look at the service’s log at that time.'],
      where: 'service',
    },
  ],
]

const unknown: Advice = { meaning: 'The step did not end well.', todo: ['Look at the service’s log at that time.'], where: 'service' }

/** adviseOn finds the first rule that knows the message, else what the code alone tells. */
export function adviseOn(fault: Fault): Advice {
  return rules.find((r) => r.when.test(fault.message))?.advice ?? byCode.find(([code]) => code.test(fault.code))?.[1] ?? unknown
}

/** comesAgain tells whether the device tries the step again by itself: a 5.xx is passing, a 4.xx is not. */
export const comesAgain = (code: string): boolean => code.startsWith('5.')
