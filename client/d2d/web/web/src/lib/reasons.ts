import { Problem } from '@shared/api/problem'
import type { Advice } from './advice'

/** Reason is why a device does not let the client in, in words. */
export interface Reason extends Advice {
  title: string
}

const reasons: Record<string, Reason> = {
  unknown: {
    title: 'This device is not known',
    meaning: 'Nothing with this id has answered yet. After a reset, and after it was given up, a device has another id.',
    todo: ['Look for devices again, or look at its address.'],
  },
  'no answer': {
    title: 'The device does not answer',
    meaning: 'It was found before, and is silent now.',
    todo: ['Is it switched on, and in the same network?', 'Look for devices again: its address may have changed.'],
  },
  'no credentials': {
    title: 'The client has nothing to show this device',
    meaning: 'It is nobody yet, or has no credentials of the kind that the device takes, or its certificate has expired.',
    todo: ['Make the client a member of the device’s security domain, or have its certificate renewed.'],
  },
  'not ours': {
    title: 'The device does not know this client',
    meaning: 'It does not accept the client’s credentials, or shows a certificate of another security domain: it is somebody else’s.',
    todo: [
      'Is the client a member as the device’s owner? Reset it, and join as that owner.',
      'With a pre-shared key: are id and key the ones that the device was provisioned with?',
    ],
  },
  forbidden: {
    title: 'The device knows this client, and does not allow this',
    meaning: 'Its access control list gives the client no such permission.',
    todo: ['See what the owner’s entries in its access control list allow.'],
  },
  impostor: {
    title: 'This is not the device that it says it is',
    meaning: 'Something else answers at its address, or the device was replaced by another.',
    todo: ['Look for devices again.', 'If it stays so, look at your network: do not use this device.'],
  },
  owned: {
    title: 'Somebody owns this device already',
    meaning: 'A device has one owner. It takes another only after it was given up or reset.',
    todo: ['Have its owner give it up, or reset it by its own button.'],
  },
  refused: {
    title: 'The device refuses this',
    meaning: 'It understood who asks and what, and does not do it: it lacks such a resource, or the value is not one it takes.',
    todo: ['Compare the value with what the resource says now: the same names, the same types.'],
  },
  'bad answer': {
    title: 'The device’s answer makes no sense',
    meaning: 'It is too large, or not what the specification says.',
    todo: ['Try again.', 'If it stays so, this is for the maker of the device.'],
  },
  closed: { title: 'The client is closing', meaning: 'It was told to end.', todo: ['Start it again.'] },
}

/** reasonOf explains why a device could not be reached; undefined where the error is about something else. */
export const reasonOf = (error: unknown): Reason | undefined => (error instanceof Problem ? reasons[error.reason] : undefined)

/** known are the reasons that are explained: the client's, every one. */
export const known = Object.keys(reasons)
