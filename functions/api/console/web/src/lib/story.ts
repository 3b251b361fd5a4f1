import type { DeviceRecord, Status } from '../api/types'
import { dotted, isError } from './coap'
import { fromNanos } from '@shared/lib/format'

/** Step is one part of a device's way, in the order it is gone. */
export interface Step {
  key: string
  name: string
  what: string
  state: 'done' | 'failed' | 'open'
  at: Date | undefined
  code: string
  error: string
  /** The device can do without it. */
  optional?: boolean
}

/** stepNames is how steps are called; the keys are the API's. */
export const stepNames: Record<string, string> = {
  attestation: 'Attestation',
  plgdTime: 'Time',
  ownership: 'Ownership',
  cloud: 'Cloud configuration',
  credential: 'Credentials',
  acl: 'Access control',
  localEndpoints: 'Local endpoints',
}

function step(key: string, what: string, status: Status | undefined, optional = false): Step {
  const code = dotted(status?.coapCode)
  const error = status?.errorMessage ?? ''
  const state = !status ? 'open' : error || isError(code) ? 'failed' : 'done'
  return { key, name: stepNames[key] ?? key, what, state, at: fromNanos(status?.date), code, error, optional }
}

/** storyOf tells a device's way step by step. */
export function storyOf(r: DeviceRecord): Step[] {
  const attested: Status | undefined = r.attestation && { date: r.attestation.date ?? '', errorMessage: r.attestation.errorMessage ?? '' }
  return [
    step('attestation', 'The device proves with its manufacturer certificate who made it.', attested),
    step('plgdTime', 'It sets its clock.', r.plgdTime, true),
    step('ownership', 'It is given its owner.', r.ownership?.status),
    step('cloud', 'It is told its hub, with an access token for it.', r.cloud?.status),
    step('credential', 'It gets its identity certificate and what it needs to trust others.', r.credential?.status),
    step('acl', 'It is told who may do what with it.', r.acl?.status),
  ]
}

/** failedStep is the first step whose last result is an error. */
export const failedStep = (r: DeviceRecord): Step | undefined => storyOf(r).find((s) => s.state === 'failed')

export const stateWords = { ok: 'Provisioned', failed: 'Failed', pending: 'Under way' } as const
