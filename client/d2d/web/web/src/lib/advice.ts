import { Problem } from '@shared/api/problem'
import { Stuck, type Stage } from './mediate'

/** Advice is what an error means, and what to do about it. */
export interface Advice {
  meaning: string
  todo: string[]
}

interface Rule extends Advice {
  stage?: Stage
  status?: (status: number) => boolean
  says?: RegExp
}

const is =
  (...all: number[]) =>
  (status: number): boolean =>
    all.includes(status)

const notFound: Advice = {
  meaning:
    'The signing service knows no hub of the owner that you are of, whose certificate authority could sign; or it is not at this address.',
  todo: [
    'Log in as a user of the owner whose devices you want to reach.',
    'See that this owner has an enrollment group, and its hub a certificate authority.',
    'Compare remoteProvisioning.certificateAuthority with the service’s address.',
  ],
}

const rules: Rule[] = [
  {
    stage: 'finish',
    says: /^state:/,
    meaning: 'The signing service took longer than the client waits, or this was done in another window meanwhile.',
    todo: [
      'Start again: the client then makes a new request.',
      'If it happens each time, raise remoteProvisioning.userAgent.csrChallengeStateExpiration.',
    ],
  },
  {
    says: /^certificate:/,
    meaning: 'The client does not accept what was signed: it is not a certificate of this owner, for its key, of its security domain.',
    todo: [
      'Log in as a user of the owner whose devices you want to reach.',
      'Compare remoteProvisioning.caPool with the root of the hub’s certificate authority.',
      'See to the clocks of this machine and of the hub.',
    ],
  },
  {
    says: /^jwks:/,
    meaning: 'The client cannot use the keys that the OAuth server shows.',
    todo: ['Compare remoteProvisioning.authority with the OAuth server that people log in at.'],
  },
  {
    says: /^the client is not configured to be initialized/,
    meaning: 'The client’s configuration does not have this way.',
    todo: ['Choose another way, or set clients.device.coap.tls.authentication and remoteProvisioning.mode, and restart the client.'],
  },
  {
    stage: 'sign',
    status: is(0),
    meaning: 'The request for a certificate did not reach the signing service.',
    todo: [
      'Open its address in this browser: does it answer at all?',
      'Have this page’s origin added to apis.http.cors.allowedOrigins of the provisioning service.',
      'Compare remoteProvisioning.certificateAuthority with its address.',
    ],
  },
  {
    stage: 'keys',
    status: is(0),
    meaning: 'The OAuth server’s keys could not be fetched, and without them the client cannot know your token for a good one.',
    todo: ['Open the OAuth server in this browser: does it answer at all?', 'It has to let this page’s origin read its keys (CORS).'],
  },
  {
    stage: 'sign',
    status: is(401, 403),
    meaning: 'The signing service does not sign for you: your token is not good enough for it, or you are not of an owner that it knows.',
    todo: ['Log in as a user of the owner, with the right to write.', 'Compare remoteProvisioning.webOAuthClient’s audience and scopes.'],
  },
  {
    stage: 'sign',
    status: is(404, 405),
    ...notFound,
  },
  {
    says: /^the signing service refuses \((404|405)\)/,
    ...notFound,
  },
  {
    status: is(401),
    meaning: 'The client does not take your token.',
    todo: [
      'Log out and log in again: it may have expired, or be another owner’s.',
      'Compare remoteProvisioning.authority, webOAuthClient.audience and ownerClaim with what the OAuth server gives.',
    ],
  },
  {
    status: is(409),
    meaning: 'The client is somebody already, or became somebody in another window.',
    todo: ['Look at its state. To become somebody else, reset it first.'],
  },
  {
    status: is(403),
    says: /signing service/,
    meaning: 'The signing service does not sign for you.',
    todo: ['Log in as a user of the owner, with the right to write.'],
  },
  {
    status: is(429),
    meaning: 'Too much was asked at once.',
    todo: ['Wait a minute, then start again.'],
  },
  {
    status: is(0),
    meaning: 'The client does not answer.',
    todo: ['Is it running? Start it, then try again.'],
  },
  {
    status: is(503),
    meaning: 'The client does not reach somebody it needs: the OAuth server, or the signing service.',
    todo: ['Try again in a moment.', 'If this client’s network has no way to the hub, have this browser carry the request instead.'],
  },
  {
    status: (status) => status >= 500,
    meaning: 'Something failed over there.',
    todo: ['Try again.', 'If that does not help, look at the log at that time.'],
  },
]

const unknown: Advice = { meaning: 'That did not work.', todo: ['Start again.'] }

/** adviseOn finds the first rule that fits what went wrong on the way to a certificate, or with a key. */
export function adviseOn(error: unknown): Advice {
  const stage = error instanceof Stuck ? error.stage : undefined
  const problem = error instanceof Stuck ? error.problem : error
  if (!(problem instanceof Problem)) return unknown
  return (
    rules.find(
      (r) =>
        (r.stage === undefined || r.stage === stage) &&
        (r.status === undefined || r.status(problem.status)) &&
        (r.says === undefined || r.says.test(problem.message)),
    ) ?? unknown
  )
}
